import type { Level } from "../define.js";

/** Each feature flag with its level. A flag keeps one type: boolean, number or text. */
export type Flags = Readonly<Record<string, Level>>;

/** Bounds on one reading of a stage; a reading that is absent meets none. */
export interface Criterion {
  /** A number in the unit of the reading's name, or a size such as "48 MiB" or a time such as "200 ms". */
  atMost?: number | string;
  atLeast?: number | string;
  /** Factor on the same reading of the stage before; says nothing of a stage that has none before it. */
  atMostTimesPrevious?: number;
}

/** Criteria by the name of the reading, such as `peakReservedBytes`. */
export type Criteria = Readonly<Record<string, Criterion>>;

/** A step of the rollout: flags that change, and what must hold with them. */
export interface Stage {
  name: string;
  flags: Flags;
  /** Beside those of the plan; one on the same reading takes the place of the plan's. */
  criteria?: Criteria;
  /** Stages that must have passed; the stage before in the list unless given. The last is compared with. */
  after?: string | readonly string[];
}

/** Features that come back in stages: the rollout stops at the first that fails. */
export interface RolloutPlan {
  /** Every flag with its level where no stage sets it. */
  flags: Flags;
  /** Readings that the cells answer and that criteria may name; a command's peakBytes and the like need not be. */
  readings: readonly string[];
  /** Criteria of every stage. */
  criteria?: Criteria;
  stages: readonly Stage[];
  /**
   * Run only when no stage passed, one after the other until one passes. Each takes the flags of the first stage and
   * of the fallbacks before it, and changes its own.
   */
  fallback?: readonly Omit<Stage, "after">[];
}

/** One bound, as plain data. */
export interface Bound {
  reading: string;
  kind: "atMost" | "atLeast" | "atMostTimesPrevious";
  limit: number;
}

/** A stage with everything that follows from the plan: plain data for the journal, in the order of running. */
export interface ResolvedStage {
  name: string;
  /** Every flag. */
  flags: Record<string, Level>;
  /** Names of the flags that differ from the stage before; of a first stage and of a fallback, those that it sets. */
  changed: string[];
  /** The stage whose flags it builds on and that it is compared with; absent for a first stage and a fallback. */
  previous?: string;
  bounds: Bound[];
  fallback: boolean;
}

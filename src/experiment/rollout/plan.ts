import type { Level } from "../define.js";

export type Flags = Readonly<Record<string, Level>>;

/** Bounds on one reading of a stage. An absent reading meets no bound. */
export interface Criterion {
  /** A number in the unit of the reading's name, a size such as "48 MiB", or a time such as "200 ms". */
  atMost?: number | string;
  atLeast?: number | string;
  /**
   * The reading may be at most this factor times the same reading of the stage before. Ignored for a stage
   * that has none before it.
   */
  atMostTimesPrevious?: number;
}

export type Criteria = Readonly<Record<string, Criterion>>;

/** A step of the rollout: flags that change, and what must hold with them. */
export interface Stage {
  name: string;
  flags: Flags;
  /** Criteria in addition to those of the plan; a criterion on the same reading replaces the plan's. */
  criteria?: Criteria;
  /**
   * Stages that must have passed; the default is the stage before in the list. The last one is used for
   * comparisons.
   */
  after?: string | readonly string[];
}

/** Features that are switched on again in stages. The rollout stops at the first stage that fails. */
export interface RolloutPlan {
  /** Every flag, with the level that it has if no stage sets it. */
  flags: Flags;
  /**
   * Readings that the cells answer and that criteria may name. The readings that every command has, such as
   * peakBytes, need not be listed.
   */
  readings: readonly string[];
  /** Criteria that every stage must meet. */
  criteria?: Criteria;
  stages: readonly Stage[];
  /**
   * Stages that run only if no stage passed, one after another until one passes. Each takes the flags of the
   * first stage and of the fallbacks before it, and changes its own.
   */
  fallback?: readonly Omit<Stage, "after">[];
}

/** How a bound limits its reading. */
export const BOUND_KINDS = ["atMost", "atLeast", "atMostTimesPrevious"] as const;

/** One bound, as plain data. */
export interface Bound {
  reading: string;
  kind: (typeof BOUND_KINDS)[number];
  limit: number;
}

/**
 * A stage with everything that follows from the plan, as plain data for the journal. Stages are in the order
 * of running.
 */
export interface ResolvedStage {
  name: string;
  /** Every flag. */
  flags: Record<string, Level>;
  /**
   * Names of the flags that differ from the stage before. For a first stage and a fallback: the flags that it
   * sets.
   */
  changed: string[];
  /**
   * The stage whose flags this one starts from and that it is compared with; absent for a first stage and a
   * fallback.
   */
  previous?: string;
  bounds: Bound[];
  fallback: boolean;
}

import type { Reading } from "../system/probe/reading.js";

/**
 * What a rule does while it is fired. `warn` reports it. `skip` turns branches of the program off: `allows` is false.
 * `block` forbids growth: `mayGrow` is false. `cleanup` calls a function of the program. `stop` ends the program:
 * `step` throws.
 */
export type RuleAction =
  | "warn"
  | "block"
  | "stop"
  | { readonly skip: string | readonly string[] }
  | { readonly cleanup: () => void | Promise<void> };

/**
 * A comparison in parts. Give either `above` or `below`: a number in the unit of the reading, or text such as "20
 * GiB".
 */
export interface Condition {
  reading: string;
  above?: number | string | undefined;
  below?: number | string | undefined;
}

export interface RuleOptions {
  /** Each rule needs its own name; by default, it is the text of the condition. */
  name?: string | undefined;
  /** Such as `deviceReservedBytes > 20 GiB` or `activeFlows > 0.9 * maxActiveFlows`. */
  when: string | Condition;
  /**
   * Where a fired rule is released. A number is a share of the threshold; text is a bound ("18 GiB") or a share ("90
   * %"). The default is 0.9 of the threshold, and 1.1 for rules with `<`.
   */
  release?: number | string | undefined;
  /** The rule fires when its condition held in this many evaluations in a row; 1 by default. */
  forSamples?: number | undefined;
  /**
   * Shortest time between two warnings or two cleanups; a skip or a block lasts at least this long. A number is in
   * milliseconds; text is such as "10 s". The default is 10 s for warn and cleanup, else 0.
   */
  cooldown?: number | string | undefined;
  /** `warn` by default. */
  action?: RuleAction | undefined;
}

/** One of the program's own numbers: a constant, a callback that reads it, or null if the program calls `set`. */
export type OwnNumber = number | null | (() => Reading);

/** A reason why a rule may not work as meant. */
export interface GuardDoubt {
  name:
    | "reading-absent"
    | "capacity-unknown"
    | "fires-at-rest"
    | "cleanup-without-effect"
    | "cleanup-failed"
    | "cleanup-unanswered"
    | "sampling-slowed"
    | "first-process-only";
  rule?: string;
  message: string;
}

/** A change of state, in order of time. */
export type GuardEvent =
  | { event: "fired"; rule: string; action: string; value: number; threshold: number; message: string }
  | { event: "released"; rule: string; action: string; value?: number; message: string }
  | { event: "warned"; rule: string; value: number; threshold: number; message: string }
  | { event: "cleanup-started"; rule: string; value: number; message: string }
  | { event: "cleanup-done"; rule: string; effect: CleanupEffect; message: string }
  | { event: "doubt"; doubt: GuardDoubt; message: string };

/** The effect of a cleanup, from readings before and after it. */
export interface CleanupEffect {
  durationMs: number;
  /** The value of the rule's left side, in its unit. */
  before: number;
  after: number;
  /** Bytes by which each memory reading fell; negative if it rose. */
  freedBytes: Readonly<Record<string, number>>;
}

export interface StopReason {
  rule: string;
  condition: string;
  value: number;
  threshold: number;
  /** The whole reason in words, as part of a sentence. */
  sentence: string;
}

/** What holds in this step. If nothing changed, it is the same object as before. */
export interface Decision {
  mayGrow: boolean;
  /** Branches that are turned off. */
  skipped: readonly string[];
  /** Names of all fired rules. */
  fired: readonly string[];
  stop?: StopReason;
}

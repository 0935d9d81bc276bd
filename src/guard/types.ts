import type { Reading } from "../system/probe/reading.js";

/**
 * What a rule does while it is fired. `warn` tells; `skip` turns named branches of the program off (`allows` is
 * false); `block` forbids growth (`mayGrow` is false); `cleanup` calls the program; `stop` ends it (`step` throws).
 */
export type RuleAction =
  | "warn"
  | "block"
  | "stop"
  | { readonly skip: string | readonly string[] }
  | { readonly cleanup: () => void | Promise<void> };

/** A comparison in parts: the reading against a bound in its own unit, or text such as "20 GiB". One of the two. */
export interface Condition {
  reading: string;
  above?: number | string | undefined;
  below?: number | string | undefined;
}

export interface RuleOptions {
  /** Unlike those of the other rules; the text of the condition unless given. */
  name?: string | undefined;
  /** Such as `deviceReservedBytes > 20 GiB` or `activeFlows > 0.9 * maxActiveFlows`. */
  when: string | Condition;
  /**
   * Where a fired rule ends: a number is a share of the threshold, text is a bound ("18 GiB") or a share ("90 %").
   * Unless given 0.9 of the threshold, and 1.1 of it for rules with `<`.
   */
  release?: number | string | undefined;
  /** Fires when the condition held in so many evaluations in a row; 1 unless given. */
  forSamples?: number | undefined;
  /**
   * Least time between two acts: a warning or a cleanup comes again only after it, and a skip or a block lasts that
   * long. A number is in milliseconds, text such as "10 s". Unless given 10 s for warn and cleanup, else 0.
   */
  cooldown?: number | string | undefined;
  /** `warn` unless given. */
  action?: RuleAction | undefined;
}

/** A number of the program's own: fixed, read by a callback, or null where it comes through `set`. */
export type OwnNumber = number | null | (() => Reading);

/** A limit of what can be known or promised, with the rule that it touches. */
export interface GuardDoubt {
  name:
    | "reading-absent"
    | "capacity-unknown"
    | "fires-at-rest"
    | "cleanup-without-effect"
    | "cleanup-failed"
    | "cleanup-unanswered"
    | "sampling-slowed";
  rule?: string;
  message: string;
}

/** What changed, in the order of its coming. */
export type GuardEvent =
  | { event: "fired"; rule: string; action: string; value: number; threshold: number; message: string }
  | { event: "released"; rule: string; action: string; value?: number; message: string }
  | { event: "warned"; rule: string; value: number; threshold: number; message: string }
  | { event: "cleanup-started"; rule: string; value: number; message: string }
  | { event: "cleanup-done"; rule: string; effect: CleanupEffect; message: string }
  | { event: "doubt"; doubt: GuardDoubt; message: string };

/** What a cleanup did, from readings before and after it. */
export interface CleanupEffect {
  durationMs: number;
  /** Of the rule's left side, in its unit. */
  before: number;
  after: number;
  /** Bytes by which each sampled reading of memory fell; below 0 where it rose. */
  freedBytes: Readonly<Record<string, number>>;
}

/** Why a guard stops the program. */
export interface StopReason {
  rule: string;
  condition: string;
  value: number;
  threshold: number;
  /** All of it in words, as a clause. */
  sentence: string;
}

/** What holds in this step. The same object as before where nothing has changed. */
export interface Decision {
  mayGrow: boolean;
  /** Branches that are off. */
  skipped: readonly string[];
  /** Names of all rules that are fired. */
  fired: readonly string[];
  stop?: StopReason;
}

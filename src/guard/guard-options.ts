import type { MemoryLog } from "./log/memory-log.js";
import type { ObservedPool } from "./sources/pool-source.js";
import type { ReadingSource } from "./sources/source.js";
import type { GuardEvent, OwnNumber, RuleOptions } from "./types.js";

export interface MemoryGuardOptions {
  rules: readonly (string | RuleOptions)[];
  /** The program's own numbers by name, for use in rules. A callback is called at each sample. */
  numbers?: Readonly<Record<string, OwnNumber>>;
  /** Gives `deviceAllocatedBytes`, `deviceReservedBytes` and `poolCapBytes`. */
  pool?: ObservedPool | undefined;
  /**
   * The device of `deviceUsedBytes` and similar readings, numbered as in NVML; not needed if there is only
   * one.
   */
  device?: number | undefined;
  /**
   * Least time between two samples in milliseconds; the default is 250. 0 takes a sample in every step,
   * whatever it costs.
   */
  sampleMs?: number;
  /**
   * Most share of the time that sampling may take; if samples are expensive, they are taken less often. The
   * default is 0.02.
   */
  mostSamplingShare?: number;
  /** Whether `step` throws `GuardStop` or returns `stop`; the default is "throw". */
  onStop?: "throw" | "return";
  /** Called with every event; by default warnings and doubts go to `process.emitWarning`. */
  onEvent?: (event: GuardEvent) => void;
  /** Its metrics are reported together with the guard's. */
  log?: MemoryLog;
  /** Replaces the readings of this process, its host, pool and device. */
  sources?: readonly ReadingSource[];
  /** Milliseconds from any starting point; must never go backwards. */
  now?: () => number;
}

/** The current state of a rule. */
export interface RuleStanding {
  name: string;
  action: string;
  fired: boolean;
  firings: number;
  cleanups: number;
}

import type { MemoryLog } from "./log/memory-log.js";
import type { ObservedPool } from "./sources/pool-source.js";
import type { ReadingSource } from "./sources/source.js";
import type { GuardEvent, OwnNumber, RuleOptions } from "./types.js";

export interface MemoryGuardOptions {
  rules: readonly (string | RuleOptions)[];
  /** The program's own numbers, for use in rules. A callback is called at each sample. */
  numbers?: Readonly<Record<string, OwnNumber>>;
  /** The source of `deviceAllocatedBytes`, `deviceReservedBytes` and `poolCapBytes`. */
  pool?: ObservedPool | undefined;
  /** NVML's index of the device for `deviceUsedBytes` and similar readings. Not needed if there is only one. */
  device?: number | undefined;
  /** Shortest time between two samples, in milliseconds; 250 by default. With 0, every step takes a sample. */
  sampleMs?: number;
  /**
   * Largest share of the time that sampling may take; 0.02 by default. If samples are expensive, they are taken less
   * often.
   */
  mostSamplingShare?: number;
  /** Whether `step` throws `GuardStop` or returns the reason as `stop`; "throw" by default. */
  onStop?: "throw" | "return";
  /** Called for every event. By default, warnings and doubts go to `process.emitWarning`. */
  onEvent?: (event: GuardEvent) => void;
  /** A log whose metrics are reported together with the guard's. */
  log?: MemoryLog;
  /** Replaces the readings of this process, its host, its pool and its device. */
  sources?: readonly ReadingSource[];
  /** A clock in milliseconds that never goes backwards. */
  now?: () => number;
}

export interface RuleStanding {
  name: string;
  action: string;
  fired: boolean;
  firings: number;
  cleanups: number;
}

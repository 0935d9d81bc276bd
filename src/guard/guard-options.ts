import type { MemoryLog } from "./log/memory-log.js";
import type { ObservedPool } from "./sources/pool-source.js";
import type { ReadingSource } from "./sources/source.js";
import type { GuardEvent, OwnNumber, RuleOptions } from "./types.js";

export interface MemoryGuardOptions {
  rules: readonly (string | RuleOptions)[];
  /** The program's own numbers by name, which rules may use. A callback is called with each sample. */
  numbers?: Readonly<Record<string, OwnNumber>>;
  /** Gives `deviceAllocatedBytes`, `deviceReservedBytes` and `poolCapBytes`. */
  pool?: ObservedPool | undefined;
  /** The device of `deviceUsedBytes` and its like, as NVML counts; not needed where there is one. */
  device?: number | undefined;
  /** Least time between two samples in milliseconds; 250 unless given. 0 samples in every step, whatever that costs. */
  sampleMs?: number;
  /** Share of the time that sampling may take; samples are further apart where they are dear. 0.02 unless given. */
  mostSamplingShare?: number;
  /** Whether `step` throws `GuardStop` or answers with `stop`; "throw" unless given. */
  onStop?: "throw" | "return";
  /** Gets everything that happens; unless given, warnings and doubts go to `process.emitWarning`. */
  onEvent?: (event: GuardEvent) => void;
  /** Its metrics are given out with the guard's. */
  log?: MemoryLog;
  /** In place of the readings of this process, its host, pool and device. */
  sources?: readonly ReadingSource[];
  /** Milliseconds from any start, never backwards. */
  now?: () => number;
}

/** A rule as it stands. */
export interface RuleStanding {
  name: string;
  action: string;
  fired: boolean;
  firings: number;
  cleanups: number;
}

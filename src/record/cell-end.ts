import type { ErrorCode } from "../base/errors.js";
import type { Reading } from "../system/probe/reading.js";
import type { EnforcementKind } from "./cell.js";
import type { CellMessage } from "./cell.js";

/** All the ways in which a cell can end. */
export const OUTCOMES = [
  /** It answered. */
  "ok",
  /** It reached its own cap on memory. */
  "oom-cap",
  /** It reached the cap of a device pool, or the device was full. */
  "oom-device",
  /** It reached V8's heap limit. */
  "oom-heap",
  /** An allocation was refused. */
  "oom-alloc",
  /** The runner killed it because the host ran short. */
  "oom-watchdog",
  "timeout",
  "crash",
  "interrupted",
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Out of memory is a result; the other failures are not. */
export function isOutOfMemory(outcome: Outcome): boolean {
  return outcome.startsWith("oom-");
}

/** Whether the cell has given its final answer, so that it is not run again. */
export function isResult(outcome: Outcome): boolean {
  return outcome === "ok" || (isOutOfMemory(outcome) && outcome !== "oom-watchdog");
}

export interface CellMemory {
  enforcement: EnforcementKind;
  capBytes?: number;
  /** High-water mark of the tree. */
  peakBytes: Reading;
  /** Where the peak comes from, and whether it is exact or a lower bound. */
  peakSource?: string;
  /**
   * High-water mark of the largest single process (`VmHWM`, read from the kernel when the process ends):
   * exact.
   */
  largestProcessPeakBytes: Reading;
  processes: number;
}

/** How one attempt at a cell ended. A failed attempt has the same fields as a successful one. */
export interface CellEnd {
  outcome: Outcome;
  /** One clause with the evidence in words; absent for `ok`. */
  cause?: string;
  code?: ErrorCode;
  /** Lower bound of the memory that was needed, if it ran out of memory. */
  aboveBytes?: number;
  /** With `ok`, what the cell answered. */
  data?: unknown;
  /** Records such as ledgers, in the order in which they arrived. */
  records: CellMessage[];
  durationMs: number;
  memory: CellMemory;
  /** Raw facts that decided the outcome. */
  evidence: Record<string, string | number | boolean | null>;
}

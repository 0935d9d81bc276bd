import type { ErrorCode } from "../base/errors.js";
import type { Reading } from "../system/probe/reading.js";
import type { EnforcementKind } from "./cell.js";
import type { CellMessage } from "./cell.js";

/** The closed list of ways in which a cell ends. */
export type Outcome =
  /** It answered. */
  | "ok"
  /** Its own cap on memory. */
  | "oom-cap"
  /** A cap of a device pool, or the device. */
  | "oom-device"
  /** V8's heap limit. */
  | "oom-heap"
  /** An allocation was refused. */
  | "oom-alloc"
  /** The runner killed it because the host ran short. */
  | "oom-watchdog"
  | "timeout"
  | "crash"
  | "interrupted";

/** Memory that ran out is a result; the others are none. */
export function isOutOfMemory(outcome: Outcome): boolean {
  return outcome.startsWith("oom-");
}

/** Whether the cell said all that it can say: it is not run again. */
export function isResult(outcome: Outcome): boolean {
  return outcome === "ok" || (isOutOfMemory(outcome) && outcome !== "oom-watchdog");
}

/** Memory of the cell's whole process tree, with how it is known. */
export interface CellMemory {
  enforcement: EnforcementKind;
  capBytes?: number;
  /** High-water mark of the tree. */
  peakBytes: Reading;
  /** Where the peak comes from, and whether it is exact or a lower bound. */
  peakSource?: string;
  /** High-water mark of the largest single process (`VmHWM`, from the kernel at its end): exact. */
  largestProcessPeakBytes: Reading;
  processes: number;
}

/** How an attempt at a cell ended. A failed one has the shape of a finished one. */
export interface CellEnd {
  outcome: Outcome;
  /** One clause with the evidence in words; absent for `ok`. */
  cause?: string;
  code?: ErrorCode;
  /** Only known to be above: the bound that out of memory gives. */
  aboveBytes?: number;
  /** With `ok`, what the cell answered. */
  data?: unknown;
  /** Ledgers and the like, in the order of their coming. */
  records: CellMessage[];
  durationMs: number;
  memory: CellMemory;
  /** Raw facts that the outcome was decided from. */
  evidence: Record<string, string | number | boolean | null>;
}

import type { Factors, Level } from "../../experiment/define.js";
import type { Calibration } from "../../measure/calibration.js";
import type { Result } from "../../record/schema.js";
import type { CellEnd } from "../../record/cell-end.js";
import type { Certificate } from "../limits/index.js";
import type { EnforcementKind } from "../../record/cell.js";
import type { CellRole } from "../../record/cell.js";
import type { Owner } from "../../system/owner.js";
import type { RunRequest } from "../engine/request.js";
import type { ExperimentRecord } from "../../record/experiment-record.js";

/** One trial of one cell: the unit that is planned, started and finished. */
export interface UnitOfWork {
  experiment: string;
  /** Hash of the cell's content; the trial is not part of it. */
  cell: string;
  trial: number;
}

export interface PlannedRecord extends UnitOfWork {
  type: "planned";
  role: CellRole;
  part?: string;
  factors: Factors;
  /** Seed of this repetition; absent where every repetition does the same, and in earlier journals. */
  seed?: Level;
  instances: number;
  label: string;
  /** Why the trial is to run. */
  reason: string;
}

/** Written to disk before the process of the cell starts. */
export interface StartedRecord extends UnitOfWork {
  type: "started";
  attempt: number;
  capBytes?: number;
  /** Number of cells that ran at the same time. */
  beside: number;
}

/** How an attempt ended. Running out of memory is a result (`finished`). */
export interface EndedRecord extends UnitOfWork {
  type: "finished" | "failed" | "interrupted";
  attempt: number;
  /** Whether other cells ran during some part of this one. */
  beside: boolean;
  end: CellEnd;
}

/** A record that a cell wrote while it ran. */
export interface TurnRecord extends UnitOfWork {
  type: "turn";
  attempt: number;
  record: unknown;
  /** Only in memory: the number of records that this one stands for, without their content. */
  count?: number;
}

export interface SampleRecord extends UnitOfWork {
  type: "sample";
  attempt: number;
  rssBytes: number;
  largestHwmBytes: number;
}

export interface RunRecord {
  type: "run";
  schema: "bytesper/journal@1";
  runId: string;
  request: RunRequest;
  environment: Result["environment"];
  settings: Result["settings"];
  enforcement: { kind: EnforcementKind; description: string; ladder: string[] };
}

/** A runner started or continued the run. */
export interface RunnerRecord {
  type: "runner";
  owner: Owner;
  command: "run" | "resume" | "retry";
  /** Factor on the memory caps from here on. */
  moreMemory: number;
}

export type JournalRecord =
  | RunRecord
  | RunnerRecord
  | { type: "calibration"; calibration: Calibration }
  | { type: "certificate"; certificate: Certificate }
  | { type: "device"; settings: Result["settings"]; warnings: Result["warnings"] }
  | ({ type: "experiment" } & ExperimentRecord)
  | PlannedRecord
  | StartedRecord
  | SampleRecord
  | TurnRecord
  | EndedRecord
  /** Cells that the experiment no longer has. Their readings are kept. */
  | { type: "orphans"; experiment: string; cells: string[] }
  /** The host ran short of memory or disk; the message says what was done. */
  | { type: "pressure"; what: "memory" | "disk"; level: "soft" | "hard"; message: string };

import type { Calibration } from "../measure/calibration.js";
import type { Pilot } from "../measure/pilot.js";
import type { ProgramData, ProgramSpec } from "../measure/program.js";
import type { ProtocolData, ProtocolSpec } from "../measure/protocol.js";
import type { SnapshotCellData, SnapshotSpec } from "../measure/snapshot-cell.js";
import type { ContextData, SubjectReference } from "../measure/subject.js";
import type { ErrorCode } from "../errors.js";

/** The work of one fresh process. */
export type CellWork =
  | { kind: "calibrate" }
  | { kind: "pilot"; subject: SubjectReference; context: ContextData }
  | { kind: "protocol"; protocol: ProtocolSpec }
  | { kind: "snapshot"; snapshot: SnapshotSpec }
  | { kind: "program"; program: ProgramSpec };

/** What the process answers, by kind of work. */
export interface CellAnswers {
  calibrate: Calibration;
  pilot: Pilot;
  protocol: ProtocolData;
  snapshot: SnapshotCellData;
  program: ProgramData;
}

/** Lines that a cell writes to its file descriptor 3. */
export type CellMessage =
  | { type: "answer"; data: unknown }
  | { type: "error"; code: ErrorCode | undefined; message: string }
  | { type: string; [key: string]: unknown };

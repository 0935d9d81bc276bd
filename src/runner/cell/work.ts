import type { Calibration } from "../../measure/calibration.js";
import type { Pilot } from "../../measure/pilot.js";
import type { ProgramData, ProgramSpec } from "../../measure/program.js";
import type { ProtocolData, ProtocolSpec } from "../../measure/protocol.js";
import type { SnapshotCellData, SnapshotSpec } from "../../measure/snapshot-cell.js";
import type { ContextData, SubjectReference } from "../../experiment/subject.js";
import type { ErrorCode } from "../../base/errors.js";
import type { CommandData, CommandSpec } from "./command.js";

/** Work of one fresh Node process of bytesper. */
export type NodeWork =
  | { kind: "calibrate" }
  | { kind: "pilot"; subject: SubjectReference; context: ContextData }
  | { kind: "protocol"; protocol: ProtocolSpec }
  | { kind: "snapshot"; snapshot: SnapshotSpec }
  | { kind: "program"; program: ProgramSpec };

/** The work of one cell: in a Node process of ours, or any program of the user's. */
export type CellWork = NodeWork | { kind: "command"; command: CommandSpec };

/** What a cell answers, by kind of work. */
export interface CellAnswers {
  calibrate: Calibration;
  pilot: Pilot;
  protocol: ProtocolData;
  snapshot: SnapshotCellData;
  program: ProgramData;
  command: CommandData;
}

/** What the process reads from its stdin. */
export interface NodeWorkOrder {
  work: NodeWork;
  /** The file that `emit` appends to; absent means that records go to the runner through file descriptor 3. */
  turnsFile?: string;
}

/** Lines that a cell writes to its file descriptor 3. */
export type CellMessage =
  | { type: "answer"; data: unknown }
  | { type: "error"; code: ErrorCode | undefined; message: string }
  | { type: string; [key: string]: unknown };

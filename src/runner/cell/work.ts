import type { Calibration } from "../../measure/calibration.js";
import type { GrowthData, GrowthSpec } from "../../measure/growth.js";
import type { Pilot } from "../../measure/pilot.js";
import type { ProgramData, ProgramSpec } from "../../measure/program.js";
import type { ProtocolData, ProtocolSpec } from "../../measure/protocol.js";
import type { SnapshotCellData, SnapshotSpec } from "../../measure/snapshot-cell.js";
import type { ContextData, SubjectReference } from "../../experiment/subject.js";
import type { CommandSpec } from "./command.js";
import type { CommandData } from "../../record/cell.js";
import type { Fits } from "../../record/fits.js";

/** How many instances a plain process holds in a container. */
export interface FitsWork {
  subject: SubjectReference;
  context: ContextData;
  memoryBytes: number;
}

export type NodeWork =
  | { kind: "calibrate" }
  | { kind: "pilot"; subject: SubjectReference; context: ContextData }
  | { kind: "protocol"; protocol: ProtocolSpec }
  | { kind: "growth"; growth: GrowthSpec }
  | { kind: "snapshot"; snapshot: SnapshotSpec }
  | { kind: "program"; program: ProgramSpec };

/** Work of one cell, done by a Node process of bytesper, by a user's program, or by a search over plain processes. */
export type CellWork =
  NodeWork | { kind: "command"; command: CommandSpec } | { kind: "fits"; fits: FitsWork };

export interface CellAnswers {
  calibrate: Calibration;
  pilot: Pilot;
  protocol: ProtocolData;
  growth: GrowthData;
  snapshot: SnapshotCellData;
  program: ProgramData;
  command: CommandData;
  fits: Fits;
}

/** What a Node process of bytesper reads from its stdin. */
export interface NodeWorkOrder {
  work: NodeWork;
  /** The file that `emit` appends to. Absent: records go to the runner through file descriptor 3. */
  turnsFile?: string;
}

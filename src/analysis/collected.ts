import type { Factors } from "../experiment/define.js";
import type { LedgerReading } from "../measure/ledger.js";
import type { ProgramData } from "../measure/program.js";
import type { ProtocolData } from "../measure/protocol.js";
import type { SnapshotCellData } from "../measure/snapshot-cell.js";
import type { SnapshotSummary } from "../measure/snapshot/summary.js";
import type { CommandData } from "../record/cell.js";
import type { CellEnd, Outcome } from "../record/cell-end.js";
import { isOutOfMemory } from "../record/cell-end.js";
import type { CellMessage } from "../record/cell.js";
import type { CellRole } from "../record/cell.js";
import type { ExperimentKind } from "../record/kind.js";

/** A population cell that answered. */
export interface Trial {
  factors: Factors;
  trial: number;
  instances: number;
  data: ProtocolData;
  end: CellEnd;
  ledger?: { before: LedgerReading; after: LedgerReading };
}

/** The cell of a program or a command: its readings, and how it ended. */
export interface ProgramTrial {
  /** Name of the follow-up; undefined for the main table. */
  part: string | undefined;
  factors: Factors;
  trial: number;
  data: ProgramData | (Pick<CommandData, "readings"> & { outcome: Outcome; cause?: string; warnings: [] });
  end: CellEnd;
  beside: boolean;
}

export interface FailedCell {
  role: CellRole;
  part?: string | undefined;
  label: string;
  factors: Factors;
  trial: number;
  instances: number;
  outcome: Exclude<Outcome, "ok">;
  code: string | undefined;
  cause: string;
  end: CellEnd | undefined;
}

export interface Collected {
  rows: Trial[];
  nulls: Trial[];
  programs: ProgramTrial[];
  snapshot?: { factors: Factors; cell: SnapshotCellData; summary: SnapshotSummary };
  failed: FailedCell[];
  interrupted: boolean;
}

/** A trial of a cell that is planned and may have ended. */
export interface CollectedCell {
  role: CellRole;
  part?: string | undefined;
  label: string;
  factors: Factors;
  trial: number;
  instances: number;
  beside: boolean;
  /** Absent if the trial never ended. */
  end?: CellEnd | undefined;
}

type EndedCell = CollectedCell & { end: CellEnd };

/** For each kind of experiment, what adds the answer of a cell to its group; false if the cell has none. */
const TAKE_ANSWER: Record<ExperimentKind, (cell: EndedCell, collected: Collected) => boolean> = {
  population: (cell, collected) => {
    const { role, factors, trial, instances, end } = cell;
    if (end.outcome !== "ok") return false;
    if (role === "snapshot") {
      const { cell: own, summary } = end.data as { cell: SnapshotCellData; summary: SnapshotSummary };
      collected.snapshot = { factors, cell: own, summary };
      return true;
    }
    const ledger = ledgerOf(end.records);
    (role === "null" ? collected.nulls : collected.rows).push({
      factors,
      trial,
      instances,
      data: end.data as ProtocolData,
      end,
      ...(ledger === undefined ? {} : { ledger }),
    });
    return true;
  },
  program: ({ part, factors, trial, beside, end }, { programs }) => {
    if (end.data === undefined) return false;
    programs.push({ part, factors, trial, data: end.data as ProgramData, end, beside });
    return true;
  },
  /** Readings that a command printed before its memory ran out are kept. */
  command: ({ part, factors, trial, beside, end }, { programs }) => {
    const { outcome, cause } = end;
    if (outcome !== "ok" && !isOutOfMemory(outcome)) return false;
    const { readings } = end.data as CommandData;
    const data = { readings, outcome, ...(cause === undefined ? {} : { cause }), warnings: [] as [] };
    programs.push({ part, factors, trial, data, end, beside });
    return true;
  },
};

/** Groups the cells of an experiment by their role. Trials keep the order of the cells. */
export function collect(cells: readonly CollectedCell[], kind: ExperimentKind): Collected {
  const collected: Collected = { rows: [], nulls: [], programs: [], failed: [], interrupted: false };
  for (const cell of cells) {
    const { role, part, label, factors, trial, instances, end } = cell;
    if (end === undefined || end.outcome === "interrupted") {
      collected.interrupted = true;
      continue;
    }
    if (TAKE_ANSWER[kind]({ ...cell, end }, collected)) continue;
    const { outcome, cause = outcome, code } = end;
    if (outcome === "ok") throw new Error(`${label} ended well and has no answer`);
    collected.failed.push({ role, part, label, factors, trial, instances, outcome, code, cause, end });
  }
  return collected;
}

/** The last two ledger records; earlier ones come from the rehearsal. */
function ledgerOf(records: readonly CellMessage[]): Trial["ledger"] {
  const ledgers = records.filter(({ type }) => type === "ledger") as unknown as {
    phase: "before" | "after";
    reading: LedgerReading;
  }[];
  const before = ledgers.findLast(({ phase }) => phase === "before")?.reading;
  const after = ledgers.findLast(({ phase }) => phase === "after")?.reading;
  return before === undefined || after === undefined ? undefined : { before, after };
}

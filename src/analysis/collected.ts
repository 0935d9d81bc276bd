import type { Factors, Level } from "../experiment/define.js";
import type { GrowthData } from "../measure/growth.js";
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
import type { Fits } from "../record/fits.js";
import type { ExperimentKind } from "../record/kind.js";
import type { Absent } from "../system/probe/reading.js";
import type { SizedLedger } from "./kernel.js";
import type { PlannedRun } from "./repetitions.js";

/** A population cell that answered. */
export interface Trial {
  factors: Factors;
  trial: number;
  instances: number;
  data: ProtocolData;
  end: CellEnd;
  ledger?: { before: LedgerReading; after: LedgerReading };
  /** Ledgers of the empty process after the warm-up and at the end. */
  emptied?: { before: LedgerReading; after: LedgerReading };
}

/** A cell whose population only grew, up to a size that the kernel's pages show. */
export interface GrowthTrial {
  factors: Factors;
  data: GrowthData;
  /** The ledger before, and at each size. */
  grown: SizedLedger[];
  /** After the first population was dropped, and after the second. */
  dropped: SizedLedger[];
}

/** The cell of a program or a command: its readings, and how it ended. */
export interface ProgramTrial {
  /** Name of the follow-up; undefined for the main table. */
  part: string | undefined;
  factors: Factors;
  trial: number;
  data:
    | ProgramData
    | (Pick<CommandData, "readings" | "series"> & {
        outcome: Outcome;
        cause?: string;
        warnings: { name: string; message: string }[];
      });
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
  growths: GrowthTrial[];
  /** Searches for the largest population of a container, or why there was none. */
  fits: { factors: Factors; found: Fits | Absent }[];
  snapshot?: { factors: Factors; cell: SnapshotCellData; summary: SnapshotSummary };
  /** The growth of the whole heap, which is asked for where the snapshot does not account for the line. */
  whole?: { cell: SnapshotCellData; summary: SnapshotSummary };
  failed: FailedCell[];
  /** Each repetition of a program or a command, also of those that have not run. */
  runs: PlannedRun[];
  interrupted: boolean;
}

/** A trial of a cell that is planned and may have ended. */
export interface CollectedCell {
  role: CellRole;
  part?: string | undefined;
  label: string;
  factors: Factors;
  trial: number;
  /** Absent where every repetition does the same, and in earlier journals. */
  seed?: Level | undefined;
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
    if (role === "growth") {
      collected.growths.push({ factors, data: end.data as GrowthData, ...growthLedgers(end.records) });
      return true;
    }
    if (role === "fits") {
      collected.fits.push({ factors, found: end.data as Fits | Absent });
      return true;
    }
    const ledger = between(end.records, "before", "after");
    const emptied = between(end.records, "warm", "end");
    (role === "null" ? collected.nulls : collected.rows).push({
      factors,
      trial,
      instances,
      data: end.data as ProtocolData,
      end,
      ...(ledger === undefined ? {} : { ledger }),
      ...(emptied === undefined ? {} : { emptied }),
    });
    return true;
  },
  program: ({ part, factors, trial, beside, end }, { programs }) => {
    if (end.data === undefined) return false;
    programs.push({ part, factors, trial, data: end.data as ProgramData, end, beside });
    return true;
  },
  /** Readings that a command printed before its memory ran out are kept. */
  command: ({ label, part, factors, trial, beside, end }, { programs }) => {
    const { outcome, cause } = end;
    if (outcome !== "ok" && !isOutOfMemory(outcome)) return false;
    const { readings, refused, series = [], warnings: own = [] } = end.data as CommandData;
    const warnings = [...own, ...refusals(label, refused, end.evidence.turnsBeyondLimit)];
    const data = { readings, outcome, ...(cause === undefined ? {} : { cause }), warnings, series };
    programs.push({ part, factors, trial, data, end, beside });
    return true;
  },
};

/** Groups the cells of an experiment by their role. Trials keep the order of the cells. */
export function collect(cells: readonly CollectedCell[], kind: ExperimentKind): Collected {
  const collected: Collected = {
    rows: [],
    nulls: [],
    programs: [],
    growths: [],
    fits: [],
    failed: [],
    runs: [],
    interrupted: false,
  };
  for (const cell of cells) {
    const { role, part, label, factors, trial, seed, instances, end } = cell;
    if (role === "program" || role === "command")
      collected.runs.push({ part, factors, trial, seed, outcome: outcomeOf(end) });
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

/** The answer of a program can be that its device memory ran out. */
function outcomeOf(end: CellEnd | undefined): PlannedRun["outcome"] {
  if (end === undefined) return "not-run";
  const { outcome } = (end.data ?? {}) as { outcome?: Outcome };
  return end.outcome === "ok" ? (outcome ?? "ok") : end.outcome;
}

/** Doubts about a command of whose output not all was kept. */
function refusals(
  label: string,
  refused: CommandData["refused"] = {},
  turns: CellEnd["evidence"][string] | undefined,
): { name: string; message: string }[] {
  const lines = Object.entries(refused).map(([why, count]) => ({
    name: "output-refused",
    message: `${label}: ${why} (${count} left out).`,
  }));
  if (typeof turns !== "number") return lines;
  return [
    ...lines,
    {
      name: "records-left-out",
      message: `${label}: ${turns} of its records are not in the journal, which takes 64 MiB of a cell and no deep nesting.`,
    },
  ];
}

interface LedgerRecord {
  phase: string;
  instances: number;
  reading: LedgerReading;
}

function ledgersIn(records: readonly CellMessage[]): LedgerRecord[] {
  return records.filter(({ type }) => type === "ledger") as unknown as LedgerRecord[];
}

/** The last ledger of each of two phases; earlier ones come from the rehearsal. */
function between(records: readonly CellMessage[], first: string, second: string): Trial["ledger"] {
  const ledgers = ledgersIn(records);
  const before = ledgers.findLast(({ phase }) => phase === first)?.reading;
  const after = ledgers.findLast(({ phase }) => phase === second)?.reading;
  return before === undefined || after === undefined ? undefined : { before, after };
}

function growthLedgers(records: readonly CellMessage[]): Pick<GrowthTrial, "grown" | "dropped"> {
  const sized = (...phases: string[]): SizedLedger[] =>
    ledgersIn(records).flatMap(({ phase, instances, reading }) =>
      phases.includes(phase) ? [{ instances, reading }] : [],
    );
  return { grown: sized("before", "step", "after"), dropped: sized("dropped", "dropped-again") };
}

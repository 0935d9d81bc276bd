import { rmSync } from "node:fs";
import { BytesperError } from "../errors.js";
import type { Calibration } from "../measure/calibration.js";
import type { LedgerReading } from "../measure/ledger.js";
import type { ProgramData } from "../measure/program.js";
import type { ProtocolData } from "../measure/protocol.js";
import type { SnapshotCellData } from "../measure/snapshot-cell.js";
import type { SnapshotSummary } from "../measure/snapshot/summary.js";
import type { Factors } from "../experiment/define.js";
import type { JournalRecord } from "./journal.js";
import type { CellEnd, LocalOptions } from "./local.js";
import { runCell } from "./local.js";
import type { PlannedCell } from "./plan.js";
import { inSlots } from "./pool.js";
import { parseSnapshot } from "./parse-snapshot.js";

/** A population cell that answered. */
export interface Trial {
  factors: Factors;
  trial: number;
  instances: number;
  data: ProtocolData;
  ledger?: { before: LedgerReading; after: LedgerReading };
}

/** The cell of a program that answered. */
export interface ProgramTrial {
  /** Name of the follow-up; undefined for the main table. */
  part: string | undefined;
  factors: Factors;
  trial: number;
  data: ProgramData;
}

/** A cell that did not answer, and why. */
export interface FailedCell {
  role: PlannedCell["role"];
  part?: string | undefined;
  label: string;
  factors: Factors;
  trial: number;
  instances: number;
  outcome: Exclude<CellEnd<"protocol">["outcome"], "ok">;
  code: string | undefined;
  cause: string;
}

/** Everything that the cells of one experiment said. */
export interface Collected {
  rows: Trial[];
  nulls: Trial[];
  programs: ProgramTrial[];
  snapshot?: { factors: Factors; cell: SnapshotCellData; summary: SnapshotSummary };
  failed: FailedCell[];
  interrupted: boolean;
}

export interface RunOptions extends LocalOptions {
  slots: number;
  record: (record: JournalRecord) => void;
  /** Called after each cell with the number of finished ones. */
  progress: (finished: number, label: string) => void;
  /** Whether the first failure of the subject's own ends the experiment. */
  stopAtSubjectError: boolean;
}

/** Runs the cells of one experiment; what they say is recorded as it comes, and returned. */
export async function runExperiment(
  name: string,
  cells: readonly PlannedCell[],
  options: RunOptions,
): Promise<Collected> {
  const collected: Collected = {
    rows: [],
    nulls: [],
    programs: [],
    failed: [],
    interrupted: false,
  };
  let finished = 0;
  let stopped = false;
  const runOne = async (cell: PlannedCell): Promise<void> => {
    const end = await runCell(cell.work, options);
    const identity = {
      experiment: name,
      role: cell.role,
      ...(cell.part === undefined ? {} : { part: cell.part }),
      factors: cell.factors,
      trial: cell.trial,
      instances: cell.instances,
      durationMs: end.durationMs,
    };
    for (const record of end.records) {
      if (record.type === "emitted") options.record({ ...record, ...identity, type: "emitted" });
    }
    if (end.outcome === "ok") {
      const data = await collect(collected, cell, end);
      options.record({ type: "finished", ...identity, data });
    } else {
      const { outcome, code, cause } = end;
      const { role, part, label, factors, trial, instances } = cell;
      collected.failed.push({ role, part, label, factors, trial, instances, outcome, code, cause });
      options.record({
        type: outcome === "interrupted" ? "interrupted" : "failed",
        ...identity,
        outcome,
        cause,
      });
      if (outcome === "interrupted") collected.interrupted = true;
      else if (options.stopAtSubjectError && isSubjectError(code)) stopped = true;
    }
    finished++;
    options.progress(finished, cell.label);
  };
  await inSlots(cells, options.slots, runOne, () => stopped || options.signal?.aborted === true);
  if (options.signal?.aborted === true) collected.interrupted = true;
  return collected;
}

/** A mistake in the subject meets every cell alike; running the others would only repeat it. */
function isSubjectError(code: string | undefined): boolean {
  return (
    code === "BAD_SUBJECT" ||
    code === "SUBJECT_THREW" ||
    code === "SUBJECT_TIMEOUT" ||
    code === "BAD_CONVERSATIONS"
  );
}

async function collect(
  collected: Collected,
  cell: PlannedCell,
  end: CellEnd<PlannedCell["work"]["kind"]> & { outcome: "ok" },
): Promise<unknown> {
  if (cell.work.kind === "snapshot") {
    const { path } = cell.work.snapshot;
    try {
      const summary = await parseSnapshot(path);
      collected.snapshot = { factors: cell.factors, cell: end.data as SnapshotCellData, summary };
      return { cell: end.data, summary };
    } catch (error) {
      if (!(error instanceof BytesperError)) throw error;
      const { role, label, factors, trial, instances } = cell;
      const failure = { outcome: "crash", code: error.code, cause: error.message } as const;
      collected.failed.push({ role, label, factors, trial, instances, ...failure });
      return failure;
    } finally {
      rmSync(path, { force: true });
    }
  }
  if (cell.work.kind === "program") {
    const { part, factors, trial } = cell;
    collected.programs.push({ part, factors, trial, data: end.data as ProgramData });
    return end.data;
  }
  const ledger = ledgerOf(end.records);
  const { factors, trial, instances } = cell;
  const entry: Trial = {
    factors,
    trial,
    instances,
    data: end.data as ProtocolData,
    ...(ledger === undefined ? {} : { ledger }),
  };
  (cell.role === "null" ? collected.nulls : collected.rows).push(entry);
  return { protocol: end.data, ledger };
}

/** The last pair of ledger records; earlier pairs were rehearsal. */
function ledgerOf(records: readonly unknown[]): Trial["ledger"] {
  const ledgers = records.filter((record) => (record as { type: string }).type === "ledger") as {
    phase: "before" | "after";
    reading: LedgerReading;
  }[];
  const before = ledgers.filter(({ phase }) => phase === "before").at(-1)?.reading;
  const after = ledgers.filter(({ phase }) => phase === "after").at(-1)?.reading;
  return before === undefined || after === undefined ? undefined : { before, after };
}

/** Calibrates the instrument. Throws `INSTRUMENT_OFF` when a known object is not read back. */
export async function requireCalibration(options: LocalOptions): Promise<Calibration> {
  const end = await runCell({ kind: "calibrate" }, { ...options, compilers: "off" });
  if (end.outcome === "interrupted")
    throw new BytesperError("INTERRUPTED", "Interrupted during the calibration.");
  if (end.outcome !== "ok") {
    throw new BytesperError(
      "INSTRUMENT_OFF",
      `The calibration ${end.outcome === "timeout" ? "" : "failed: "}${end.cause}.`,
    );
  }
  const off = end.data.checks.find((check) => !check.ok);
  if (off !== undefined) {
    throw new BytesperError(
      "INSTRUMENT_OFF",
      `The instrument is off on Node ${process.versions.node}: ${off.name} should read ${off.expectedBytes} bytes and read ${off.measuredBytes}; nothing was measured, use another Node version or report this one.`,
    );
  }
  return end.data;
}

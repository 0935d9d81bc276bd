import type { CollectedCell } from "../../analysis/collected.js";
import type { ExperimentRecord } from "../../record/experiment-record.js";
import type { Calibration } from "../../measure/calibration.js";
import type { Result } from "../../record/schema.js";
import { isResult } from "../../record/cell-end.js";
import type {
  EndedRecord,
  JournalRecord,
  PlannedRecord,
  RunRecord,
  StartedRecord,
  UnitOfWork,
} from "../journal/records.js";

/** One trial of a cell, as the journal describes it. */
export interface Unit {
  planned: PlannedRecord;
  attempts: number;
  /** A start without an end: the attempt that runs now, or one that a killed runner left. */
  open: StartedRecord | undefined;
  last: EndedRecord | undefined;
  /** How the latest attempt ended, also where an earlier one gave the result. */
  latest: EndedRecord | undefined;
  /** When the latest attempt ended; undefined if none has. */
  endedAt: string | undefined;
  /** True if the experiment no longer has this cell. */
  orphan: boolean;
  /** Number of records that the cell wrote in all attempts; `turnsOfAttempt` counts the latest attempt. */
  turns: number;
  turnsOfAttempt: number;
}

/** State of a run. All of it is computed from the journal. */
export interface RunState {
  run: RunRecord;
  calibration: Calibration | undefined;
  device: { settings: Result["settings"]; warnings: Result["warnings"] } | undefined;
  experiments: Map<string, ExperimentRecord>;
  units: Map<string, Unit>;
  startedAt: string;
  changedAt: string;
  pressure: number;
  /** Factor on the memory caps that the last runner used. */
  moreMemory: number;
}

export function unitKey({ experiment, cell, trial }: UnitOfWork): string {
  return `${experiment}/${cell}/${trial}`;
}

/** Computes the state of a run from its records. Undefined if the first record is missing. */
export function stateOf(records: readonly (JournalRecord & { at?: string })[]): RunState | undefined {
  const [first] = records;
  if (first?.type !== "run") return undefined;
  const state: RunState = {
    run: first,
    calibration: undefined,
    device: undefined,
    experiments: new Map(),
    units: new Map(),
    startedAt: first.at ?? "",
    changedAt: records.at(-1)?.at ?? "",
    pressure: 0,
    moreMemory: 1,
  };
  for (const record of records) apply(state, record);
  return state;
}

export function apply(state: RunState, record: JournalRecord & { at?: string }): void {
  switch (record.type) {
    case "calibration":
      state.calibration = record.calibration;
      break;
    case "runner":
      state.moreMemory = record.moreMemory;
      break;
    case "device":
      state.device = record;
      break;
    case "experiment":
      state.experiments.set(record.experiment, record);
      break;
    case "planned":
      plan(state, record);
      break;
    case "orphans": {
      const orphans = new Set(record.cells);
      for (const unit of state.units.values()) {
        const { experiment, cell } = unit.planned;
        if (experiment === record.experiment && orphans.has(cell)) unit.orphan = true;
      }
      break;
    }
    case "started": {
      const unit = state.units.get(unitKey(record));
      if (unit === undefined) break;
      unit.open = record;
      unit.attempts = Math.max(unit.attempts, record.attempt);
      unit.turnsOfAttempt = 0;
      break;
    }
    case "turn": {
      const unit = state.units.get(unitKey(record));
      if (unit === undefined) break;
      unit.turns += record.count ?? 1;
      unit.turnsOfAttempt += record.count ?? 1;
      break;
    }
    case "finished":
    case "failed":
    case "interrupted": {
      const unit = state.units.get(unitKey(record));
      if (unit === undefined) break;
      unit.open = undefined;
      unit.latest = record;
      unit.endedAt = record.at ?? unit.endedAt;
      // A result is kept even if a later attempt fails.
      if (unit.last === undefined || record.type === "finished" || unit.last.type !== "finished")
        unit.last = record;
      break;
    }
    case "pressure":
      state.pressure++;
      break;
    default:
  }
}

function plan(state: RunState, planned: PlannedRecord): void {
  const key = unitKey(planned);
  const known = state.units.get(key);
  if (known === undefined) {
    state.units.set(key, {
      planned,
      attempts: 0,
      open: undefined,
      last: undefined,
      latest: undefined,
      endedAt: undefined,
      orphan: false,
      turns: 0,
      turnsOfAttempt: 0,
    });
  } else {
    known.planned = planned;
    known.orphan = false;
  }
}

/** Whether the unit has a final outcome. It runs again only if the user asks. */
export function isDone({ last }: Unit): boolean {
  return last !== undefined && isResult(last.end.outcome);
}

/** When the last attempt of an experiment ended. Later records of the journal do not concern it. */
export function finishedAt(state: RunState, experiment: string): string {
  const times = [...state.units.values()].flatMap(({ planned, orphan, endedAt }) =>
    orphan || planned.experiment !== experiment || endedAt === undefined ? [] : [endedAt],
  );
  return times.reduce((latest, time) => (time > latest ? time : latest), times[0] ?? state.changedAt);
}

/** The units of an experiment, in the form that the analysis needs. */
export function cellsOf(state: RunState, experiment: string): CollectedCell[] {
  return [...state.units.values()]
    .filter(({ planned, orphan }) => !orphan && planned.experiment === experiment)
    .sort((a, b) => a.planned.trial - b.planned.trial)
    .map(({ planned, last }) => {
      const { role, part, label, factors, trial, seed, instances } = planned;
      const own = { role, part, label, factors, trial, seed, instances };
      return { ...own, beside: last?.beside ?? false, end: last?.end };
    });
}

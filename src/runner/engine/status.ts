import { isAlive } from "../../system/owner.js";
import { lastOwner } from "../journal/journal.js";
import { readJournal } from "../journal/read.js";
import type { PlannedRecord } from "../journal/records.js";
import type { ExperimentRecord } from "../../record/experiment-record.js";
import type { Outcome } from "../../record/cell-end.js";
import { isOutOfMemory } from "../../record/cell-end.js";
import { canonical } from "./content-hash.js";
import { levelsToRun } from "./frontier.js";
import { rolloutOfCells } from "./stages.js";
import type { RunState, Unit } from "./state.js";
import { cellsOf, isDone, stateOf, unitKey } from "./state.js";

/** Status of a run, read from its journal. It needs no connection to the runner. */
export interface RunStatus {
  runId: string;
  journal: string;
  /** `running`: the runner is alive. `stopped`: cells are missing and no runner works on them. */
  state: "running" | "stopped" | "finished";
  runner: { pid: number; host: string } | { absent: string };
  startedAt: string;
  changedAt: string;
  planned: number;
  done: number;
  failed: number;
  outcomes: Partial<Record<Outcome, number>>;
  running: {
    label: string;
    attempt: number;
    sinceMs: number;
    rssBytes: number | { absent: string };
    capBytes?: number;
  }[];
  turns: number;
  leftMs: number | { absent: string };
  torn: boolean;
  messages: string[];
}

export function statusOf(path: string, now = Date.now()): RunStatus | undefined {
  const { records, torn } = readJournal(path, undefined, "counted");
  const state = stateOf(records);
  if (state === undefined) return undefined;
  const owner = lastOwner(records);
  const alive = owner !== undefined && isAlive(owner);
  const units = [...state.units.values()].filter(({ orphan }) => !orphan);
  const ended = units.filter(({ last }) => last !== undefined && last.type !== "interrupted");
  const done = units.filter(isDone);
  const outcomes: RunStatus["outcomes"] = {};
  for (const { last } of ended) {
    const outcome = last?.end.outcome ?? "ok";
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  const startedAt = new Map<string, number>();
  const samples = new Map<string, number>();
  for (const record of records) {
    if (record.type === "started") startedAt.set(unitKey(record), Date.parse(record.at));
    if (record.type === "sample") samples.set(unitKey(record), record.rssBytes);
  }
  const running = alive ? units.filter(({ open }) => open !== undefined) : [];
  const experiments = [...state.experiments.values()];
  const decides = experiments.some(
    ({ frontier, rollout }) => frontier !== undefined || rollout !== undefined,
  );
  const missing = missingOf(state, units, alive).length;
  const durations = ended.flatMap(({ last }) => last?.end.durationMs ?? []);
  const mean = durations.reduce((sum, ms) => sum + ms, 0) / durations.length;
  return {
    runId: state.run.runId,
    journal: path,
    state: alive ? "running" : missing === 0 ? "finished" : "stopped",
    runner: alive ? { pid: owner.pid, host: owner.host } : { absent: "no runner is at work" },
    startedAt: state.startedAt,
    changedAt: state.changedAt,
    planned: units.length,
    done: done.length,
    failed: ended.length - done.length,
    outcomes,
    running: running.map(({ planned, open, attempts }) => ({
      label: planned.label,
      attempt: open?.attempt ?? attempts,
      sinceMs: now - (startedAt.get(unitKey(planned)) ?? now),
      rssBytes: samples.get(unitKey(planned)) ?? { absent: "no sample yet" },
      ...(open?.capBytes === undefined ? {} : { capBytes: open.capBytes }),
    })),
    turns: units.reduce((sum, unit) => sum + unit.turns, 0),
    leftMs: leftOf(missing, mean, running.length, decides),
    // While the runner is alive, an incomplete record is one that it is writing now.
    torn: torn.length > 0 && !alive,
    messages: records.flatMap((record) => (record.type === "pressure" ? [record.message] : [])).slice(-3),
  };
}

/** Units that still have to run: of a rollout and a search, those that its ends so far ask for. */
function missingOf(state: RunState, units: readonly Unit[], alive: boolean): Unit[] {
  const asked = new Map(
    [...state.experiments.values()].flatMap((experiment) => {
      const isAsked = askedIn(state, experiment);
      return isAsked === undefined ? [] : [[experiment.experiment, isAsked] as const];
    }),
  );
  return units.filter((unit) => {
    const { planned, last, open } = unit;
    // A retry that was killed: the cell has its former end and was to get another.
    if (open !== undefined && !alive) return true;
    if (last !== undefined && last.type !== "interrupted") return isToGrow(state, unit);
    const isAsked = asked.get(planned.experiment);
    return isAsked === undefined || planned.part !== undefined || isAsked(planned);
  });
}

type IsAsked = (planned: PlannedRecord) => boolean;

function askedIn(state: RunState, { experiment, rollout, frontier }: ExperimentRecord): IsAsked | undefined {
  if (rollout !== undefined) return rolloutOfCells(rollout, cellsOf(state, experiment)).isWanted;
  if (frontier === undefined) return undefined;
  const cells = cellsOf(state, experiment);
  const levels = levelsToRun(
    frontier,
    cells,
    cells.filter(({ end }) => end !== undefined && end.outcome !== "interrupted"),
  );
  return ({ factors }) => levels.has(canonical(factors));
}

/** Whether an attempt with a larger cap was interrupted, after which a resume makes another. */
function isToGrow({ moreMemory }: RunState, { last, latest, open }: Unit): boolean {
  return (
    moreMemory > 1 &&
    open === undefined &&
    last !== undefined &&
    isOutOfMemory(last.end.outcome) &&
    latest?.type === "interrupted" &&
    (latest.end.memory.capBytes ?? Infinity) > (last.end.memory.capBytes ?? Infinity)
  );
}

function leftOf(missing: number, mean: number, running: number, decides: boolean): RunStatus["leftMs"] {
  if (missing === 0) return 0;
  if (decides) return { absent: "what runs decides as it goes how many cells it needs" };
  if (!Number.isFinite(mean)) return { absent: "no cell has ended yet" };
  return (missing * mean) / Math.max(1, running);
}

/** Number of results in a journal; undefined if it has no complete record. */
export function doneIn(path: string): number | undefined {
  return statusOf(path)?.done;
}

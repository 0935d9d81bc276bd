import { smallestOf } from "../base/stats/extremes.js";
import { suggestion } from "../base/nearest-name.js";
import { ownValue } from "../base/own-value.js";
import type { Factors, ProgramReading } from "../experiment/define.js";
import type { Calibration } from "../measure/calibration.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import type { Result, ResultLine, ResultRow, ResultRowReading } from "../record/schema.js";
import { RESULT_SCHEMA } from "../record/schema-version.js";
import type { Outcome } from "../record/cell-end.js";
import { isOutOfMemory } from "../record/cell-end.js";
import { rangeInterval } from "../base/stats/interval.js";
import { calibrationRecord } from "./calibration.js";
import { limitsOf, peakOf } from "./cell-memory.js";
import type { Collected, FailedCell, ProgramTrial } from "./collected.js";
import { commandFit, commandLines } from "./command-fit.js";
import type { ExperimentRecord, GridPoint } from "../record/experiment-record.js";
import { failedRow, missingCells, missingSentence } from "./failed-row.js";
import type { PlannedRun } from "./repetitions.js";
import { leftOutDoubt, repetitionsOf } from "./repetitions.js";
import { tableRecord } from "./table-record.js";
import { toldOnce } from "./told-once.js";

export interface ProgramAnalysisInput {
  experiment: ExperimentRecord;
  collected: Collected;
  /** Absent where every cell is a command: a command takes its own readings. */
  calibration: Calibration | undefined;
  identity: Pick<Result, "runId" | "startedAt" | "finishedAt" | "environment" | "settings">;
}

const WHY_NO_LINE = "each row of this experiment has readings of its own";

/** What differs between the cells of programs and of commands. */
interface CellAnalysis {
  fit: (experiment: ExperimentRecord, collected: Collected) => Result["fit"];
  lines: (experiment: ExperimentRecord, collected: Collected) => ResultLine[];
  /** What a row has beside what its cells answered. */
  row: (trials: readonly ProgramTrial[], answered: AnsweredRow) => Pick<ResultRow, "readings" | "peakSource">;
  /** The readings of one run, for statistics over the repetitions. */
  readingsOf: (trial: ProgramTrial) => Readonly<Record<string, ProgramReading>>;
  /** Completes the rows of the main table. */
  rows: (rows: readonly ResultRow[]) => readonly ResultRow[];
}

interface AnsweredRow {
  readings: Record<string, ResultRowReading>;
  outcome: Outcome;
  cause: string | undefined;
  peak: ResultRowReading;
}

const OF_PROGRAMS: CellAnalysis = {
  fit: () => absent(WHY_NO_LINE),
  lines: () => [],
  row: (_trials, { readings }) => ({ readings }),
  readingsOf: ({ data }) => data.readings,
  rows: (rows) => rows,
};

const OF_COMMANDS: CellAnalysis = {
  fit: commandFit,
  lines: commandLines,
  row: (trials, { readings, outcome, cause, peak }) => ({
    ...memorySource(trials),
    readings: {
      ...(isOutOfMemory(outcome) ? unfinished(readings, outcome, cause) : readings),
      peakBytes: peak,
    },
  }),
  readingsOf: ({ data, end }) => ({ peakBytes: end.memory.peakBytes, ...data.readings }),
  rows: withAllReadings,
};

/** Derives the result of an experiment of programs. Each row has its own set of readings. */
export function analysePrograms(input: ProgramAnalysisInput): Result {
  return analyseRows(input, OF_PROGRAMS);
}

/** Derives the result of an experiment of commands. */
export function analyseCommands(input: ProgramAnalysisInput): Result {
  return analyseRows(input, OF_COMMANDS);
}

function analyseRows(input: ProgramAnalysisInput, analysis: CellAnalysis): Result {
  const { experiment, collected, calibration, identity } = input;
  const cells = {
    answered: byPoint(collected.programs),
    failed: byPoint(collected.failed),
    runs: byPoint(collected.runs),
  };
  const rows = [...analysis.rows(experiment.grid.map((point) => rowOf(analysis, cells, undefined, point)))];
  const followUps = experiment.parts.map(({ name, table, grid }) => ({
    name,
    table: tableRecord(table),
    rows: grid.map((factors) => rowOf(analysis, cells, name, { factors, instances: 1, units: 1 })),
  }));
  const all = [...rows, ...followUps.flatMap((part) => part.rows)];
  const missing = missingCells(collected.failed, all);
  const lines = analysis.lines(experiment, collected);
  return {
    schema: RESULT_SCHEMA,
    experiment: experiment.experiment,
    title: experiment.title,
    ...(experiment.question === undefined ? {} : { question: experiment.question }),
    unit: experiment.unit,
    ...identity,
    complete: !collected.interrupted && missing.length === 0,
    missing,
    rows,
    followUps,
    fit: analysis.fit(experiment, collected),
    ...(lines.length === 0 ? {} : { lines }),
    crossCheck: absent(WHY_NO_LINE),
    minimumDetectableBytes: 0,
    nullControl: absent(WHY_NO_LINE),
    breakdown: [],
    kinds: [],
    waste: [],
    ledger: absent(WHY_NO_LINE),
    estimates: [],
    calibration:
      calibration === undefined
        ? absent("commands are read from outside and by themselves")
        : calibrationRecord(calibration),
    ...(experiment.table === undefined ? {} : { table: tableRecord(experiment.table) }),
    ...findingsOf(collected),
    warnings: [
      ...leftOutDoubt(all),
      ...unknownReadings(experiment, rows, followUps),
      ...warningsOf(collected, rows, lines, missing),
    ],
  };
}

function findingsOf({ programs }: Collected): Pick<Result, "findings"> {
  const findings = new Set(programs.flatMap(({ data }) => ("findings" in data ? data.findings : [])));
  return findings.size === 0 ? {} : { findings: [...findings] };
}

/**
 * The cells of each point of each part. A search through all cells for each row would take minutes for 10,000
 * rows.
 */
interface CellsByPoint {
  answered: ReadonlyMap<string, ProgramTrial[]>;
  failed: ReadonlyMap<string, FailedCell[]>;
  runs: ReadonlyMap<string, PlannedRun[]>;
}

function pointKey(part: string | undefined, factors: Factors): string {
  return JSON.stringify([part, factors]);
}

function byPoint<C extends Pick<FailedCell, "part" | "factors">>(cells: readonly C[]): Map<string, C[]> {
  const points = new Map<string, C[]>();
  for (const cell of cells) {
    const key = pointKey(cell.part, cell.factors);
    const known = points.get(key);
    if (known === undefined) points.set(key, [cell]);
    else known.push(cell);
  }
  return points;
}

function rowOf(
  analysis: CellAnalysis,
  cells: CellsByPoint,
  part: string | undefined,
  { factors, instances, units, estimate }: GridPoint,
): ResultRow {
  const key = pointKey(part, factors);
  const trials = cells.answered.get(key) ?? [];
  const shared = {
    factors,
    instances,
    unitsPerInstance: units,
    ...(estimate === undefined ? {} : { estimate }),
    ...repetitionsOf(cells.runs.get(key) ?? [], trials, analysis.readingsOf),
  };
  if (trials.length === 0) return failedRow(shared, cells.failed.get(key) ?? []);
  const short = trials.find(({ data }) => data.outcome !== "ok");
  const ends = trials.map(({ end }) => end);
  const names = new Set(trials.flatMap(({ data }) => Object.keys(data.readings)));
  const own = Object.fromEntries([...names].map((name) => [name, readingOf(trials, name)]));
  const outcome = short?.data.outcome ?? "ok";
  const peak = peakOf(ends);
  const cause = short?.data.cause;
  return {
    ...shared,
    ...limitsOf(ends),
    outcome,
    trials: trials.length,
    ...(cause === undefined ? {} : { cause }),
    ...analysis.row(trials, { readings: own, outcome, cause, peak }),
    ...seriesOf(trials),
    ...(estimate !== undefined && estimate.bytes !== 0 && "value" in peak
      ? { measuredOverEstimate: peak.value / estimate.bytes }
      : {}),
    perUnitBytes: absent("this experiment reads no bytes per unit"),
  };
}

/** What the runner itself reads, each time that a command has printed a line. */
const AFTER_A_LINE = new Set(["pssBytes", "mainPssBytes"]);

/** Gives every row every reading; a missing one is absent with the reason. */
function withAllReadings(rows: readonly ResultRow[]): ResultRow[] {
  const names = [...new Set(rows.flatMap(({ readings }) => Object.keys(readings)))];
  return rows.map((row) => {
    const why = (name: string): string => {
      if (row.outcome !== "ok") return `${row.outcome}: ${row.cause ?? ""}`;
      return AFTER_A_LINE.has(name)
        ? "the process ended before its memory was read"
        : "the command did not print it";
    };
    const missing = names.filter((name) => !Object.hasOwn(row.readings, name));
    return {
      ...row,
      readings: { ...row.readings, ...Object.fromEntries(missing.map((name) => [name, absent(why(name))])) },
    };
  });
}

/** The series of the first trial: a figure shows a run that happened, not a mean of several. */
function seriesOf([first]: readonly ProgramTrial[]): Pick<ResultRow, "series"> {
  const series = first?.data.series ?? [];
  if (series.length === 0) return {};
  return {
    series: series.map(({ reading, over, points }) => ({
      reading,
      over,
      points: points.map(([x, y]): [number, number] => [x, y]),
    })),
  };
}

function memorySource(trials: readonly ProgramTrial[]): Pick<ResultRow, "peakSource"> {
  const sources = new Set(trials.flatMap(({ end }) => end.memory.peakSource ?? []));
  return sources.size === 0 ? {} : { peakSource: [...sources].join("; ") };
}

/** A command that ran out of memory did not finish, so what it printed before only tells how far it came. */
function unfinished(
  readings: Record<string, ResultRowReading>,
  outcome: Outcome,
  cause = "it ran out of memory",
): Record<string, ResultRowReading> {
  return Object.fromEntries(Object.keys(readings).map((name) => [name, absent(`${outcome}: ${cause}`)]));
}

/** Median and range over the trials. What is absent or only bounded in one trial is so in the row. */
function readingOf(trials: readonly ProgramTrial[], name: string): ResultRowReading {
  const readings = trials.map(
    ({ data }) => ownValue(data.readings, name) ?? absent("not read in every trial"),
  );
  const special = readings.find(
    (reading): reading is Exclude<ProgramReading, number> => typeof reading !== "number",
  );
  if (special === undefined) return rangeInterval(readings as number[]);
  return isAbsent(special) ? { absent: special.absent } : special;
}

/** A doubt about readings that a table or a figure names and no run has: the name is probably mistyped. */
function unknownReadings(
  { table, figures = [] }: ExperimentRecord,
  rows: readonly ResultRow[],
  followUps: NonNullable<Result["followUps"]>,
): Result["warnings"] {
  const parts = [{ name: undefined, table, rows }, ...followUps];
  const messages = parts.flatMap(({ name: part, table: spec, rows: own }) => {
    const answered = own.filter(({ outcome }) => outcome === "ok");
    if (answered.length === 0) return [];
    const known = new Set(answered.flatMap(({ readings }) => Object.keys(readings)));
    const shown = [
      ...(spec?.columns ?? []).map(({ from }) => from),
      ...figures.flatMap((figure) =>
        figure.part === part ? figure.y.map((value) => (typeof value === "string" ? value : value.from)) : [],
      ),
    ];
    const names = shown.flatMap((from) =>
      from.startsWith("readings.") ? [from.slice("readings.".length)] : [],
    );
    return [...new Set(names)].flatMap((name) =>
      known.has(name)
        ? []
        : [`No run has the reading "${name}" that a table or figure names${suggestion(name, known)}.`],
    );
  });
  return messages.length === 0 ? [] : [{ name: "unknown-reading", message: messages.join(" ") }];
}

/** Ways to enforce a cap that look at processes, and so miss memory that belongs to none. */
const PARTIAL_CAPS = ["rlimit-data", "watchdog"];

function warningsOf(
  { programs }: Collected,
  rows: readonly ResultRow[],
  lines: readonly ResultLine[],
  missing: readonly string[],
): Result["warnings"] {
  const told = toldOnce(
    programs.map(({ part, factors, data }) => ({ part, factors, warnings: data.warnings })),
  );
  const warnings = new Map(told.map(({ name, message }) => [name, [message]]));
  if (programs.some(({ beside, data }) => beside && "durationMs" in data.readings)) {
    warnings.set("timings-beside-others", [
      "Cells ran at the same time: durations are of a machine that was shared; use --slots 1 to time them.",
    ]);
  }
  const fewest = smallestOf(lines.map(({ processes }) => processes));
  if (fewest < 3) {
    const repetitions = fewest === 1 ? "one repetition" : `${fewest} repetitions`;
    warnings.set("few-processes", [
      `The interval of the line rests on ${repetitions}; give the experiment more.`,
    ]);
  }
  const weak = [...new Set(rows.flatMap(({ enforcement }) => enforcement ?? []))].filter((kind) =>
    PARTIAL_CAPS.includes(kind),
  );
  if (weak.length > 0) {
    warnings.set("cap-not-of-all-memory", [
      `The cap was enforced by ${weak.join(" and ")}, which does not count files in memory (memfd, /dev/shm) that no process has mapped, and what waits in pipes: a cell may have held more than its cap and its peak say.`,
    ]);
  }
  const censored = rows.filter(({ outcome }) => isOutOfMemory(outcome)).length;
  if (censored > 0) {
    warnings.set("out-of-memory", [
      `${censored} of ${rows.length} rows ran out of memory: their peaks are bounds, and no line, mean or ratio includes them.`,
    ]);
  }
  const merged = [...warnings].map(([name, messages]) => ({ name, message: messages.join(" ") }));
  if (missing.length === 0) return merged;
  return [
    ...merged,
    {
      name: "cells-missing",
      message: missingSentence(missing),
    },
  ];
}

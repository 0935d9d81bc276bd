import type { Experiment, Factors, ProgramReading } from "../experiment/define.js";
import type { Calibration } from "../measure/calibration.js";
import { absent, isAbsent } from "../probe/reading.js";
import type { Result, ResultRow, ResultRowReading } from "../report/schema.js";
import { RESULT_SCHEMA } from "../report/schema-version.js";
import type { Collected, ProgramTrial } from "../run/run-experiment.js";
import { rangeInterval } from "../stats/interval.js";
import { calibrationRecord } from "./calibration.js";
import { tableRecord } from "./table-record.js";

export interface ProgramAnalysisInput {
  experiment: Experiment;
  /** The points of the main grid and of each follow-up's, by its name. */
  grids: { part: string | undefined; grid: readonly Factors[] }[];
  collected: Collected;
  calibration: Calibration;
  identity: Pick<Result, "runId" | "startedAt" | "finishedAt" | "environment" | "settings">;
}

/** Derives the result of an experiment whose cells are programs: each row has its own readings and no line. */
export function analysePrograms(input: ProgramAnalysisInput): Result {
  const { experiment, collected, calibration, identity } = input;
  const why = "each row of this experiment has readings of its own";
  const rowsOf = (part: string | undefined): ResultRow[] =>
    (input.grids.find((entry) => entry.part === part)?.grid ?? []).map((factors) =>
      rowOf(collected, part, factors),
    );
  const rows = rowsOf(undefined);
  const followUps = (experiment.followUps ?? []).map(({ name, table }) => ({
    name,
    table: tableRecord(table),
    rows: rowsOf(name),
  }));
  const all = [...rows, ...followUps.flatMap((part) => part.rows)];
  const missing = [
    ...collected.failed
      .filter(({ outcome }) => outcome !== "interrupted")
      .map(({ label, outcome, cause }) => `${label}: ${outcome}: ${cause}`),
    ...all
      .filter(({ outcome }) => outcome === "interrupted")
      .map(({ factors }) => `${JSON.stringify(factors)}: interrupted`),
  ];
  return {
    schema: RESULT_SCHEMA,
    experiment: experiment.name,
    title: experiment.title ?? experiment.name,
    ...(experiment.question === undefined ? {} : { question: experiment.question }),
    unit: experiment.unit,
    ...identity,
    complete: !collected.interrupted && missing.length === 0,
    missing,
    rows,
    followUps,
    fit: absent(why),
    crossCheck: absent(why),
    minimumDetectableBytes: 0,
    nullControl: absent(why),
    breakdown: [],
    kinds: [],
    waste: [],
    ledger: absent(why),
    estimates: [],
    calibration: calibrationRecord(calibration),
    ...(experiment.table === undefined ? {} : { table: tableRecord(experiment.table) }),
    warnings: warningsOf(collected, missing),
  };
}

function rowOf(collected: Collected, part: string | undefined, factors: Factors): ResultRow {
  const same = (other: Factors): boolean => JSON.stringify(other) === JSON.stringify(factors);
  const trials = collected.programs.filter((trial) => trial.part === part && same(trial.factors));
  const shared = { factors, instances: 1, unitsPerInstance: 1, trials: trials.length };
  const first = trials[0];
  if (first === undefined) {
    const failure = collected.failed.find((cell) => cell.part === part && same(cell.factors));
    const cause = failure?.cause ?? "the run was interrupted before this cell";
    return {
      ...shared,
      outcome: failure?.outcome ?? "interrupted",
      cause,
      readings: {},
      perUnitBytes: absent(cause),
    };
  }
  const short = trials.find(({ data }) => data.outcome !== "ok");
  const names = new Set(trials.flatMap(({ data }) => Object.keys(data.readings)));
  return {
    ...shared,
    outcome: short?.data.outcome ?? "ok",
    ...(short?.data.cause === undefined ? {} : { cause: short.data.cause }),
    readings: Object.fromEntries([...names].map((name) => [name, readingOf(trials, name)])),
    perUnitBytes: absent("this experiment reads no bytes per unit"),
  };
}

/** Median and range over the trials; what is absent or only bounded in one trial is so in all. */
function readingOf(trials: readonly ProgramTrial[], name: string): ResultRowReading {
  const readings = trials.map(({ data }) => data.readings[name] ?? absent("not read in every trial"));
  const special = readings.find(
    (reading): reading is Exclude<ProgramReading, number> => typeof reading !== "number",
  );
  if (special === undefined) return rangeInterval(readings as number[]);
  return isAbsent(special) ? { absent: special.absent } : special;
}

function warningsOf({ programs }: Collected, missing: readonly string[]): Result["warnings"] {
  const warnings = new Map<string, string[]>();
  for (const { data } of programs) {
    for (const { name, message } of data.warnings) {
      const messages = warnings.get(name) ?? [];
      if (!messages.includes(message)) warnings.set(name, [...messages, message]);
    }
  }
  const merged = [...warnings].map(([name, messages]) => ({ name, message: messages.join(" ") }));
  if (missing.length === 0) return merged;
  const cells = missing.length === 1 ? "cell has" : "cells have";
  return [
    ...merged,
    {
      name: "cells-missing",
      message: `${missing.length} ${cells} no result; see the list of missing cells.`,
    },
  ];
}

import { ownValue } from "../base/own-value.js";
import type { Bounds } from "../base/stats/repeated.js";
import { describeRuns } from "../base/stats/repeated.js";
import type { Factors, Level, ProgramReading } from "../experiment/define.js";
import { COMMAND_READINGS } from "../experiment/rollout/index.js";
import type { Outcome } from "../record/cell-end.js";
import { isOutOfMemory } from "../record/cell-end.js";
import type { Result, ResultRow, ResultStatistics } from "../record/schema.js";
import { isAbsent } from "../system/probe/reading.js";
import type { ProgramTrial } from "./collected.js";

/** One repetition of a point of the grid, whether it ran or not. */
export interface PlannedRun {
  part: string | undefined;
  factors: Factors;
  trial: number;
  seed: Level | undefined;
  outcome: Outcome | "not-run";
}

/**
 * The repetitions of a row, and what they say about each reading. Empty for a row of one run without a seed of its own:
 * results of earlier versions stay as they are.
 *
 * @param readingsOf the readings of one run
 */
export function repetitionsOf(
  planned: readonly PlannedRun[],
  trials: readonly ProgramTrial[],
  readingsOf: (trial: ProgramTrial) => Readonly<Record<string, ProgramReading>>,
): Pick<ResultRow, "runs" | "statistics"> {
  const runs = planned.map(({ trial, seed, outcome }) => ({
    repetition: trial + 1,
    ...(seed === undefined ? {} : { seed }),
    outcome,
  }));
  if (runs.length < 2) return runs[0]?.seed === undefined ? {} : { runs };
  // A run that ran out of memory may have printed something before: that is no reading of a whole run.
  const whole = trials.filter(({ data }) => data.outcome === "ok").map(readingsOf);
  const lost = counts(planned.map(({ outcome }) => outcome).filter((outcome) => outcome !== "ok"));
  const outOfMemory = planned.some(({ outcome }) => outcome !== "not-run" && isOutOfMemory(outcome));
  const statistics: Record<string, ResultStatistics> = {};
  for (const name of new Set(whole.flatMap((readings) => Object.keys(readings)))) {
    const found = whole.map((readings) => ownValue(readings, name) ?? { absent: "it was not read" });
    const values = found.filter((reading) => typeof reading === "number");
    const isBounded =
      found.some((reading) => typeof reading === "object" && "above" in reading) ||
      (name === "peakBytes" && outOfMemory);
    // Where one run has only a bound, there is no mean of all, and a mean of the others would be too low.
    if (isBounded || values.length === 0) continue;
    const absent = found.flatMap((reading) => (isAbsent(reading) ? [reading.absent] : []));
    const leftOut = [
      ...[...lost].map(([outcome, count]) => ({ runs: count, why: ENDED[outcome] })),
      ...[...counts(absent)].map(([why, count]) => ({ runs: count, why: `had no value: ${why}` })),
    ];
    statistics[name] = {
      ...describeRuns(values, boundsOf(name, values)),
      ...(leftOut.length === 0 ? {} : { leftOut }),
    };
  }
  return { runs, ...(Object.keys(statistics).length === 0 ? {} : { statistics }) };
}

/** How a run ended that is not in a mean, as the end of "1 ...". */
const ENDED: Record<PlannedRun["outcome"], string> = {
  ok: "ended well",
  "oom-cap": "was killed at the cap on its memory",
  "oom-device": "ran out of device memory",
  "oom-heap": "reached V8's heap limit",
  "oom-alloc": "was refused memory",
  "oom-watchdog": "was ended because the host ran short of memory",
  timeout: "was ended at the cap on its time",
  crash: "crashed",
  interrupted: "was interrupted",
  "not-run": "has not run",
};

function counts<T>(values: readonly T[]): Map<T, number> {
  const known = new Map<T, number>();
  for (const value of values) known.set(value, (known.get(value) ?? 0) + 1);
  return known;
}

/** What a reading can be at least and at most, by its name; undefined where a value is beyond that, or nobody knows. */
function boundsOf(name: string, values: readonly number[]): Bounds | undefined {
  const most = name.endsWith("Share") ? 1 : Infinity;
  const isNeverNegative = most === 1 || name.endsWith("Ms") || COMMAND_READINGS.includes(name);
  if (!isNeverNegative || values.some((value) => value < 0 || value > most)) return undefined;
  return { least: 0, most };
}

const MOST_ROWS_NAMED = 3;

/** The doubt about means that lack runs: what makes a run fail is seldom without influence on what it would have read. */
export function leftOutDoubt(
  rows: readonly Pick<ResultRow, "factors" | "runs" | "statistics">[],
): Result["warnings"] {
  const short = rows.flatMap(({ factors, runs = [], statistics }) => {
    const lost = runs.filter(({ outcome }) => outcome !== "ok");
    if (statistics === undefined || lost.length === 0) return [];
    const place = Object.entries(factors)
      .map(([name, level]) => `${name}=${String(level)}`)
      .join(" ");
    const ends = [...counts(lost.map(({ outcome }) => outcome))].map(
      ([outcome, n]) => `${n} ${ENDED[outcome]}`,
    );
    return [
      `${place === "" ? "" : `${place}: `}${runs.length - lost.length} of ${runs.length} runs; ${ends.join(", ")}`,
    ];
  });
  if (short.length === 0) return [];
  const more = short.length - MOST_ROWS_NAMED;
  const named = short.slice(0, MOST_ROWS_NAMED).join(". ");
  return [
    {
      name: "runs-left-out",
      message: `Means lack runs that did not end well, which biases them if heavy or slow runs fail more often. ${named}.${more > 0 ? ` ${more} more ${more === 1 ? "row is" : "rows are"} alike.` : ""}`,
    },
  ];
}

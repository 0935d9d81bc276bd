import { fixed } from "../base/format.js";
import type { ByteUnit } from "../base/size.js";
import { BYTES_IN } from "../base/size.js";
import { meanCell } from "../base/table/number-cell.js";
import type { Cell, NumberCell, Table } from "../base/table/table.js";
import { sameText } from "../base/stats/repeated.js";
import { ownValue } from "../base/own-value.js";
import type { Result, ResultRow, ResultStatistics } from "../record/schema.js";
import { isAbsent } from "../system/probe/reading.js";

/** The mean of a reading over the runs of its row; undefined where the row has no statistics of it. */
export function meanOf(row: ResultRow, name: string, unit: ByteUnit | undefined): NumberCell | undefined {
  const statistics = row.statistics === undefined ? undefined : ownValue(row.statistics, name);
  return statistics === undefined ? undefined : statisticsCell(statistics, name, unit);
}

function statisticsCell(statistics: ResultStatistics, name: string, unit: ByteUnit | undefined): NumberCell {
  const { n, mean, standardDeviation, interval } = statistics;
  const note = noteOf(statistics);
  return meanCell(
    {
      n,
      mean,
      deviation: isAbsent(standardDeviation) ? undefined : standardDeviation,
      interval: isAbsent(interval) ? undefined : interval,
      ...(note === undefined ? {} : { note }),
    },
    unit === undefined ? 1 : BYTES_IN[unit],
    (value) => placesOf(value, name, unit),
  );
}

/** What a mean is over, where that is not simply all runs of its row with different values. */
function noteOf({ n, standardDeviation, leftOut = [] }: ResultStatistics): string | undefined {
  const same = standardDeviation === 0 ? [sameText(n)] : [];
  const lost = leftOut.map(({ runs, why }) => `${runs} ${why}`);
  const planned = leftOut.reduce((sum, { runs }) => sum + runs, n);
  const part = lost.length === 0 ? [] : [`${n} of ${planned} runs; ${lost.join(", ")}`];
  const one = n === 1 ? ["one run has no spread"] : [];
  const notes = [...part, ...same, ...one];
  return notes.length === 0 ? undefined : notes.join("; ");
}

/** Significant digits of a small number that nothing else bounds. */
const DIGITS = 3;

/** Decimal places of a number without a deviation: whole numbers as they are, others by their size. */
export function placesOf(value: number, name: string, unit?: ByteUnit): number {
  if (Number.isInteger(value)) return 0;
  if (unit !== undefined) return unit === "B" ? 1 : 2;
  if (name.endsWith("Ms")) return value < 10 ? 2 : value < 100 ? 1 : 0;
  // Three places of 0.00002 would be 0.
  return Math.abs(value) >= 0.1 ? DIGITS : DIGITS - 1 - Math.floor(Math.log10(Math.abs(value)));
}

/**
 * Every statistic of every reading that was read in several runs, a row for each reading of each point; undefined
 * where there is none.
 */
export function runsTable(result: Result, titleOf: (name: string) => string): Table | undefined {
  const all = [
    { part: undefined, rows: result.rows },
    ...(result.followUps ?? []).map(({ name, rows }) => ({ part: name, rows })),
  ].flatMap(({ part, rows }) => rows.map((row) => ({ part, row })));
  const told = all.filter(({ row }) => row.statistics !== undefined);
  if (told.length === 0) return undefined;
  const factors = [...new Set(told.flatMap(({ row }) => Object.keys(row.factors)))];
  const hasParts = told.some(({ part }) => part !== undefined);
  return {
    caption: "Statistics of the repetitions",
    columns: [
      ...(hasParts ? [{ title: "table", align: "left" as const }] : []),
      ...factors.map((title) => ({ title, align: "left" as const })),
      { title: "reading", align: "left" },
      { title: "runs", align: "right" },
      { title: "mean", align: "right" },
      { title: "median", align: "right" },
      { title: "interval from", align: "right" },
      { title: "to", align: "right" },
      { title: "by", align: "left" },
    ],
    rows: told.flatMap(({ part, row }) =>
      Object.entries(row.statistics ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, statistics]): Cell[] => [
          ...(hasParts ? [part ?? "main"] : []),
          ...factors.map((factor) => String(ownValue(row.factors, factor) ?? "")),
          nameWithUnit(name, titleOf(name)),
          { value: statistics.n, shown: fixed(statistics.n, 0) },
          ...cellsOf(statistics, name),
        ]),
    ),
    notes: [
      ...methodNotes(told.flatMap(({ row }) => Object.values(row.statistics ?? {}))),
      ...seedNotes(told.map(({ row }) => row)),
    ],
  };
}

function unitOf(name: string): ByteUnit | undefined {
  return name.endsWith("Bytes") ? "MiB" : undefined;
}

function nameWithUnit(name: string, title: string): string {
  const unit = name.endsWith("Ms") ? "ms" : unitOf(name);
  return unit === undefined ? title : `${title} (${unit})`;
}

/** Mean, median, the ends of the interval, and its method. */
function cellsOf(statistics: ResultStatistics, name: string): Cell[] {
  const unit = unitOf(name);
  const { median, interval } = statistics;
  const mean = statisticsCell(statistics, name, unit);
  // The digits of the mean hold for the numbers beside it.
  const places = mean.shownDeviation === undefined ? undefined : (mean.shown.split(".")[1]?.length ?? 0);
  const beside = (value: number): NumberCell => {
    const scaled = value / (unit === undefined ? 1 : BYTES_IN[unit]);
    return { value, shown: fixed(scaled, places ?? placesOf(scaled, name, unit)) };
  };
  if (isAbsent(interval)) return [mean, beside(median), interval, interval, ""];
  return [mean, beside(median), beside(interval.low), beside(interval.high), METHODS[interval.method]];
}

const METHODS = { t: "Student's t", "bootstrap-t": "bootstrap-t" } as const;

const MOST_SEEDED_ROWS = 12;

function seedNotes(rows: readonly ResultRow[]): string[] {
  const seeded = rows.flatMap(({ factors, runs = [] }) => {
    const seeds = runs.flatMap(({ seed }) => (seed === undefined ? [] : [String(seed)]));
    const place = Object.entries(factors).map(([name, level]) => `${name}=${String(level)}`);
    return seeds.length === 0
      ? []
      : [`${place.join(" ")}${place.length === 0 ? "" : ": "}${seeds.join(", ")}`];
  });
  if (seeded.length === 0) return [];
  const more = seeded.length - MOST_SEEDED_ROWS;
  const rest = more > 0 ? `; those of ${more} more rows are in the result` : "";
  return [`Seeds of the runs, in order: ${seeded.slice(0, MOST_SEEDED_ROWS).join("; ")}${rest}.`];
}

function methodNotes(all: readonly ResultStatistics[]): string[] {
  const intervals = all.flatMap(({ interval }) => (isAbsent(interval) ? [] : [interval]));
  const bootstrap = intervals.find(({ method }) => method === "bootstrap-t");
  return [
    "After ± stands the sample standard deviation (n - 1) of one run, not the error of the mean. The interval holds the true mean in 95 % of such experiments, if runs are independent: by Student's t if values are normal (of exponential values it holds 89 % with 5 runs).",
    ...(bootstrap === undefined
      ? []
      : [
          `Skewed values of 10 runs and more have a bootstrap-t of ${fixed(bootstrap.resamples ?? 0, 0)} resamples, seed ${bootstrap.seed ?? 0}.`,
        ]),
    ...(intervals.some(({ cutAt }) => cutAt !== undefined)
      ? ["Ends that no value can reach are cut: below 0, and for a share above 1."]
      : []),
  ];
}

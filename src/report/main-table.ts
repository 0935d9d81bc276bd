import { largestOf, smallestOf } from "../base/stats/extremes.js";
import { ownValue } from "../base/own-value.js";
import { isAbsent } from "../system/probe/reading.js";
import type { ColumnSpec } from "../experiment/column-spec.js";
import type { ByteUnit } from "../base/size.js";
import { bytesIn, bytesWithBinaryUnit, fixed } from "../base/format.js";
import { bytesCell, intervalCell, numberCell, plainIntervalCell } from "../base/table/number-cell.js";
import { meanOf, placesOf } from "./runs-table.js";
import { KIND_PAGES } from "./kind-pages.js";
import { verdictCell } from "./rollout-table.js";
import { kindOf } from "../record/kind.js";
import type { Result, ResultRow, ResultRowReading } from "../record/schema.js";
import type { Cell, Table } from "../base/table/table.js";

/** The main table of an experiment: one row for each point of its grid. */
export function mainTable(result: Result): Table {
  return tableOf(
    result,
    result.table ?? { title: result.title, columns: defaultColumns(result) },
    result.rows,
  );
}

/** The columns of the main table. */
export function columnsOf(result: Result): readonly ColumnSpec[] {
  return result.table?.columns ?? defaultColumns(result);
}

export function followUpTables(result: Result): Table[] {
  return (result.followUps ?? []).map(({ table, rows }) => tableOf(result, table, rows));
}

function tableOf(result: Result, spec: NonNullable<Result["table"]>, rows: readonly ResultRow[]): Table {
  const { title: caption, columns } = spec;
  return {
    caption,
    columns: columns.map((column) => ({
      title: column.title,
      align: isText(rows, column.from) ? "left" : "right",
      ...unitOf(column),
      notes: columnNotes(result, columns, column),
    })),
    rows: rows.map((row) => columns.map((column) => cellOf(result, row, column))),
    notes: [...(spec.notes ?? [])],
    conditions: conditions(result, rows),
  };
}

function unitOf({ from, unit }: ColumnSpec): Pick<Table["columns"][number], "unit"> {
  if (isBytes(from)) return { unit: unit ?? "B" };
  return from.endsWith("Ms") ? { unit: "ms" } : {};
}

/** Notes that explain the unit or the counter of a column. */
function columnNotes(result: Result, columns: readonly ColumnSpec[], { from, unit }: ColumnSpec): string[] {
  const notes: string[] = [];
  if (unit === "KiB" || unit === "MiB" || unit === "GiB") {
    const names = columns.some((column) => column.unit === "GiB") ? "KiB, MiB and GiB" : "KiB and MiB";
    notes.push(`${names} are powers of 1024.`);
  }
  if (unit === "kB" || unit === "MB") notes.push("kB and MB are powers of 1000.");
  if (kindOf(result) !== "command" && /readings\.(rss|pss)Bytes/.test(from)) notes.push(pageNote(result));
  return notes;
}

/** Whether a column shows words: levels that are not numbers. */
function isText(rows: readonly ResultRow[], from: string): boolean {
  if (["outcome", "verdict", "enforcement"].includes(from)) return true;
  const level = ownValue(rows[0]?.factors ?? {}, from.slice("factors.".length));
  return from.startsWith("factors.") && level !== undefined && typeof level !== "number";
}

/** One line about machine and settings, which every table has. */
export function conditions(result: Result, rows: readonly ResultRow[]): string {
  const { environment, settings } = result;
  const quick = settings.quick === true ? "quick run, for a first look; " : "";
  const trials = Math.max(0, largestOf(rows.map((row) => row.trials)));
  const repeated = rows.some(({ statistics }) => statistics !== undefined)
    ? `${repetitionsText(rows)} of each row, each in a fresh process; means ± the sample standard deviation of one run`
    : trials === 1
      ? "one trial in a fresh process for each row"
      : `${trials} trials, each in a fresh process; medians, with the range over the trials where they differ`;
  const { hasOurFlags } = KIND_PAGES[kindOf(result)];
  const compilers = hasOurFlags ? `optimising compilers ${environment.compilers}; ` : "";
  const machine = `${environment.os} ${environment.arch}, ${environment.cpu} with ${bytesWithBinaryUnit(environment.memoryBytes)}`;
  return `${quick}Node ${environment.node} (V8 ${environment.v8}) on ${machine}; memory limit: ${environment.enforcement}; ${compilers}${deviceConditions(settings)}${repeated}.`;
}

function repetitionsText(rows: readonly ResultRow[]): string {
  const counts = rows.map(({ runs = [] }) => runs.length);
  const [fewest, most] = [smallestOf(counts), largestOf(counts)];
  return fewest === most ? `${most} runs` : `${fewest} to ${most} runs`;
}

function deviceConditions({ device, deviceCapBytes, instructionSet }: Result["settings"]): string {
  if (typeof device !== "string" || typeof deviceCapBytes !== "number") return "";
  return `device ${device} (${String(instructionSet)}) with a cap of ${bytesWithBinaryUnit(deviceCapBytes)}; `;
}

function pageNote({ nullControl }: Result): string {
  if (isAbsent(nullControl) || isAbsent(nullControl.rssBytes)) {
    return "RSS counts pages of the whole process; no null control tells what a population of nothing changes.";
  }
  const rss = nullControl.rssBytes as { high: number };
  return `RSS counts pages of the whole process, filled or not: a population of nothing changed it by up to ${bytesIn(rss.high, "KiB", 1024)} KiB here.`;
}

/** The columns that every command has: how it ended, its peak, and what it printed. */
function commandColumns({ rows }: Result, factors: readonly string[]): ColumnSpec[] {
  const names = new Set(rows.flatMap(({ readings }) => Object.keys(readings)));
  // A command may print the level of a factor, which has a column already.
  for (const name of ["peakBytes", "durationMs", ...factors]) names.delete(name);
  return [
    ...factors.map((name) => ({ title: name, from: `factors.${name}` })),
    { title: "outcome", from: "outcome" },
    { title: "peak", from: "readings.peakBytes", unit: "MiB" },
    ...(rows.some(({ estimate }) => estimate !== undefined)
      ? [
          { title: "estimate", from: "estimateBytes", unit: "MiB" } as const,
          { title: "peak over estimate", from: "measuredOverEstimate" },
        ]
      : []),
    ...[...names].sort().map((name) => ({
      title: readingTitle(undefined, name),
      from: `readings.${name}`,
      ...(name.endsWith("Bytes") ? { unit: "MiB" as const } : {}),
    })),
    { title: "duration", from: "readings.durationMs" },
    ...(rows.some(({ enforcement }) => enforcement !== undefined)
      ? [{ title: "cap by", from: "enforcement" }]
      : []),
  ];
}

const READING_TITLES: Record<string, string> = {
  peakBytes: "peak",
  durationMs: "duration",
  pssBytes: "PSS of the tree",
  mainPssBytes: "PSS of the process",
};

/** What tables call a reading: as the experiment's own table does, or by its name without the unit. */
export function readingTitle(table: Result["table"], name: string): string {
  const column = table?.columns.find(({ from }) => from === `readings.${name}`);
  return column?.title ?? ownValue(READING_TITLES, name) ?? name.replace(/(Bytes|Ms)$/, "");
}

function defaultColumns(result: Result): ColumnSpec[] {
  const factors = Object.keys(result.rows[0]?.factors ?? {});
  if (kindOf(result) === "command") return commandColumns(result, factors);
  return [
    ...factors.map((name) => ({ title: name, from: `factors.${name}` })),
    ...(factors.length === 0 ? [{ title: "instances", from: "instances" }] : []),
    { title: "heap and external", from: "heapAndExternal" },
    { title: "native (malloc)", from: "readings.nativeBytes" },
    { title: `bytes per ${result.unit}`, from: "perUnitBytes" },
  ];
}

function isBytes(from: string): boolean {
  return from.endsWith("Bytes") || from === "heapAndExternal";
}

function cellOf(result: Result, row: ResultRow, { from, unit = "B" }: ColumnSpec): Cell {
  if (from.startsWith("factors.")) return number(ownValue(row.factors, from.slice("factors.".length)));
  if (from === "instances") return number(row.instances);
  if (from === "unitsPerInstance") return number(row.unitsPerInstance);
  if (from === "units") return number(row.instances * row.unitsPerInstance);
  if (from === "outcome") return row.outcome;
  if (from === "verdict") return verdictCell(result, row);
  if (from === "enforcement") return row.enforcement ?? { absent: "it had no cap" };
  if (from === "capBytes")
    return row.capBytes === undefined ? { absent: "it had no cap" } : bytesCell(row.capBytes, 0, unit);
  if (from === "estimateBytes")
    return row.estimate === undefined
      ? { absent: "nobody estimated it" }
      : bytesCell(row.estimate.bytes, 0, unit);
  if (from === "measuredOverEstimate" && row.measuredOverEstimate !== undefined)
    return numberCell(row.measuredOverEstimate, 3);
  const mean = from.startsWith("readings.")
    ? meanOf(row, from.slice("readings.".length), isBytes(from) ? unit : undefined)
    : undefined;
  if (mean !== undefined) return mean;
  if (row.outcome !== "ok" && Object.keys(row.readings).length === 0) return { absent: causeOf(row) };
  const doubt = result.minimumDetectableBytes;
  if (from === "heapAndExternal") {
    const both = sum(row.readings.heapBytes, row.readings.externalBytes);
    return both === undefined && row.outcome !== "ok"
      ? { absent: causeOf(row) }
      : readingCell(both, unit, doubt);
  }
  if (from === "perUnitBytes") return readingCell(row.perUnitBytes, unit, doubt);
  if (from === "perInstanceBytes") return readingCell(row.perInstanceBytes, unit, doubt);
  if (from === "measuredOverEstimate")
    return { absent: row.outcome === "ok" ? "nobody estimated it" : causeOf(row) };
  if (from.startsWith("readings.")) {
    const name = from.slice("readings.".length);
    const reading =
      ownValue(row.readings, name) ?? (row.outcome === "ok" ? undefined : { absent: causeOf(row) });
    return isBytes(name) ? readingCell(reading, unit, doubt) : plainCell(reading, name);
  }
  return { absent: `there is no column "${from}"` };
}

function causeOf({ outcome, cause }: ResultRow): string {
  return cause === undefined ? outcome : `${outcome}: ${cause}`;
}

function sum(a: ResultRowReading | undefined, b: ResultRowReading | undefined): ResultRowReading | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (!("value" in a)) return a;
  if (!("value" in b)) return b;
  const [left, right] = [a, b];
  return { value: left.value + right.value, low: left.low + right.low, high: left.high + right.high };
}

function readingCell(reading: ResultRowReading | undefined, unit: ByteUnit, detectable: number): Cell {
  if (reading === undefined) return { absent: "not read in this run" };
  if (isAbsent(reading)) return { absent: reading.absent };
  if ("above" in reading) {
    const { above, reason } = reading;
    return { censored: `> ${bytesIn(above, unit)}`, reason, above };
  }
  return intervalCell(reading, detectable, unit);
}

/**
 * A reading in another unit than bytes: whole numbers unchanged, others with decimal places by their size.
 */
function plainCell(reading: ResultRowReading | undefined, name: string): Cell {
  if (reading === undefined) return { absent: "not read in this run" };
  if (isAbsent(reading)) return { absent: reading.absent };
  const places = (value: number): number => placesOf(value, name);
  if ("above" in reading) {
    const { above, reason } = reading;
    return { censored: `> ${fixed(above, places(above))}`, reason, above };
  }
  return plainIntervalCell(reading, places(reading.value));
}

function number(value: string | number | boolean | undefined): Cell {
  if (value === undefined) return { absent: "the row has no such level" };
  return typeof value === "number" ? { value, shown: value.toLocaleString("en-US") } : String(value);
}

import { isAbsent } from "../probe/reading.js";
import type { ColumnSpec } from "./column-spec.js";
import type { ByteUnit } from "./format.js";
import { bytesIn } from "./format.js";
import type { Result, ResultReading, ResultRow } from "./schema.js";
import type { Cell, Table } from "./table.js";

/** The table that an experiment is run for: one row for each point of its grid. */
export function mainTable(result: Result): Table {
  const columns = result.table?.columns ?? defaultColumns(result);
  const units = new Set(columns.map(({ unit }) => unit).filter((unit) => unit !== undefined && unit !== "B"));
  const notes = [conditions(result)];
  if (units.has("KiB") || units.has("MiB")) notes.push("KiB and MiB are powers of 1024.");
  if (units.has("kB") || units.has("MB")) notes.push("kB and MB are powers of 1000.");
  if (columns.some(({ from }) => /readings\.(rss|pss)Bytes/.test(from))) notes.push(pageNote(result));
  return {
    caption: result.table?.title ?? result.title,
    columns: columns.map(({ title, from, unit }) => ({
      title: isBytes(from) ? `${title} (${unit ?? "B"})` : title,
      align: "right",
    })),
    rows: result.rows.map((row) => columns.map((column) => cellOf(result, row, column))),
    notes,
  };
}

/** One line on the circumstances, which every table carries. */
export function conditions({ environment, rows }: Result): string {
  const trials = Math.max(0, ...rows.map((row) => row.trials));
  return `Node ${environment.node} (V8 ${environment.v8}) on ${environment.os} ${environment.arch}, ${environment.cpu}; optimising compilers ${environment.compilers}; ${trials} trials, each in a fresh process; medians, with the range over the trials where they differ.`;
}

function pageNote({ nullControl }: Result): string {
  if (isAbsent(nullControl) || isAbsent(nullControl.rssBytes)) {
    return "RSS counts pages of the whole process; no null control tells what a population of nothing changes.";
  }
  const rss = nullControl.rssBytes as { high: number };
  return `RSS counts pages of the whole process, filled or not: a population of nothing changed it by up to ${bytesIn(rss.high, "KiB", 1024)} KiB here.`;
}

function defaultColumns(result: Result): ColumnSpec[] {
  const factors = Object.keys(result.rows[0]?.factors ?? {});
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
  if (from.startsWith("factors.")) return number(row.factors[from.slice("factors.".length)]);
  if (from === "instances") return number(row.instances);
  if (from === "unitsPerInstance") return number(row.unitsPerInstance);
  if (from === "units") return number(row.instances * row.unitsPerInstance);
  if (row.outcome !== "ok") return { absent: `${row.outcome}: ${row.cause ?? "no cause is known"}` };
  const doubt = result.minimumDetectableBytes;
  if (from === "heapAndExternal")
    return readingCell(sum(row.readings.heapBytes, row.readings.externalBytes), unit, doubt);
  if (from === "perUnitBytes") return readingCell(row.perUnitBytes, unit, doubt);
  if (from === "perInstanceBytes") return readingCell(row.perInstanceBytes, unit, doubt);
  if (from.startsWith("readings."))
    return readingCell(row.readings[from.slice("readings.".length)], unit, doubt);
  return { absent: `there is no column "${from}"` };
}

function sum(a: ResultReading | undefined, b: ResultReading | undefined): ResultReading | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (isAbsent(a)) return a;
  if (isAbsent(b)) return b;
  const [left, right] = [a, b];
  return { value: left.value + right.value, low: left.low + right.low, high: left.high + right.high };
}

function readingCell(reading: ResultReading | undefined, unit: ByteUnit, detectable: number): Cell {
  if (reading === undefined) return { absent: "not read in this run" };
  if (isAbsent(reading)) return { absent: reading.absent };
  const { value, low, high } = reading;
  const doubt = Math.max((high - low) / 2, detectable);
  const [middle, from, to] = [value, low, high].map((bytes) => bytesIn(bytes, unit, doubt)) as [
    string,
    string,
    string,
  ];
  return from === to ? middle : `${middle} (${from} to ${to})`;
}

function number(value: unknown): Cell {
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
}

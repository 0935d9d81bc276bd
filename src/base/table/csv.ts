import type { Cell, Column, Table } from "./table.js";
import { isNumber } from "./table.js";
import { isByteUnit } from "../size.js";
import { visible } from "./visible.js";

/** Extra columns of a file. Each has one value for all rows. */
export type Provenance = Readonly<Record<string, string>>;

/** R and pandas read NA as a missing value. */
const MISSING = "NA";

/**
 * A table for programs (RFC 4180, UTF-8). Numbers are not rounded, and bytes are in bytes whatever unit a page shows.
 * Each column of measured values is followed by its low end, its high end and a status: ok, or the reason why there
 * is no value. For a censored value, the low end is the bound and the high end is Inf. A column with means of several
 * runs also has their deviation and their number, and its ends are those of the interval of the mean.
 */
export function csvTable(table: Table, provenance: Provenance = {}): string {
  const constant =
    table.conditions === undefined ? { ...provenance } : { ...provenance, conditions: table.conditions };
  const columns = table.columns.map((column, place) =>
    fieldsOf(
      column,
      table.rows.map((row) => row[place] ?? ""),
    ),
  );
  const header = [...columns.flatMap(({ header: own }) => own), ...Object.keys(constant).map(text)];
  const ending = Object.values(constant).map(text);
  const rows = table.rows.map((_, row) => [...columns.flatMap(({ rows: own }) => own[row] ?? []), ...ending]);
  return [header, ...rows].map((fields) => `${fields.join(",")}\r\n`).join("");
}

function fieldsOf(column: Column, cells: readonly Cell[]): { header: string[]; rows: string[][] } {
  const title =
    column.title + (column.unit === undefined ? "" : isByteUnit(column.unit) ? " (B)" : ` (${column.unit})`);
  const measured = cells.some(
    (cell) =>
      typeof cell !== "string" && !(isNumber(cell) && cell.low === undefined && cell.runs === undefined),
  );
  if (!measured) return { header: [text(title)], rows: cells.map((cell) => [valueOf(cell)]) };
  const ofRuns = cells.some((cell) => isNumber(cell) && cell.runs !== undefined);
  const own = ofRuns ? [`${title} deviation`, `${title} runs`] : [];
  return {
    header: [title, ...own, `${title} low`, `${title} high`, `${title} status`].map(text),
    rows: cells.map((cell) => [
      valueOf(cell),
      ...(ofRuns ? runsOf(cell) : []),
      ...endsOf(cell),
      statusOf(cell),
    ]),
  };
}

function runsOf(cell: Cell): [string, string] {
  if (!isNumber(cell)) return [MISSING, MISSING];
  const { deviation, runs } = cell;
  return [deviation, runs].map((value) => (value === undefined ? MISSING : String(value))) as [
    string,
    string,
  ];
}

function valueOf(cell: Cell): string {
  if (typeof cell === "string") return text(cell);
  return isNumber(cell) ? String(cell.value) : MISSING;
}

function endsOf(cell: Cell): [string, string] {
  if (typeof cell === "string" || "absent" in cell) return [MISSING, MISSING];
  if ("censored" in cell) return [cell.above === undefined ? MISSING : String(cell.above), "Inf"];
  // The ends of a mean without an interval are not known, and are not the mean.
  if (cell.runs !== undefined && cell.low === undefined) return [MISSING, MISSING];
  return [String(cell.low ?? cell.value), String(cell.high ?? cell.value)];
}

function statusOf(cell: Cell): string {
  if (typeof cell === "string") return "ok";
  if (isNumber(cell)) return cell.note === undefined ? "ok" : text(`ok: ${cell.note}`);
  return text("absent" in cell ? `absent: ${cell.absent}` : `censored: ${cell.reason}`);
}

/** A field of text. Spreadsheets run a text that begins like a formula, so it gets an apostrophe in front. */
function text(value: string): string {
  const shown = visible(value);
  const safe = /^\s*[=+\-@＝＋－＠]/.test(shown) ? `'${shown}` : shown;
  return /[",]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

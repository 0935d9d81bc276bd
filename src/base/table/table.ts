import type { ByteUnit } from "../size.js";

/** One table for all writers: they differ in marks, not in content. */
export interface Table {
  caption: string;
  columns: Column[];
  rows: Cell[][];
  /** Explanations below the table. */
  notes: string[];
  /** Node, machine, memory limit, compilers, repetitions: everything that another run must repeat. */
  conditions?: string;
}

export interface Column {
  title: string;
  align: "left" | "right";
  /** The unit in which cells are shown. The `value` of a number is in bytes for every byte unit. */
  unit?: ByteUnit | "ms";
  /** Explanations that the table needs as long as it has the column. */
  notes?: readonly string[];
}

/**
 * The content of a cell. An absent value has a reason, a censored one has its bound; neither is shown as
 * blank or 0.
 */
export type Cell = string | NumberCell | AbsentCell | CensoredCell;

/** A number: unrounded for machines, and with the digits that its doubt allows for people. */
export interface NumberCell {
  value: number;
  low?: number;
  high?: number;
  /** In the column's unit, with thousands apart. */
  shown: string;
  /** Where rounding leaves a difference between the ends. */
  range?: readonly [low: string, high: string];
  /** Such as " %", where the unit stands at each number. */
  suffix?: string;
}

export interface AbsentCell {
  absent: string;
}

/** Known only to be above a bound. */
export interface CensoredCell {
  /** Such as "> 8 GiB". */
  censored: string;
  reason: string;
  /** The bound, unrounded, as a number's `value`. */
  above?: number;
}

export const ABSENT_MARK = "—";

/** A table whose special cells became text, with a footnote for each reason. */
export interface PlainTable {
  caption: string;
  headings: string[];
  aligns: Column["align"][];
  rows: string[][];
  notes: string[];
}

export function isNumber(cell: Cell): cell is NumberCell {
  return typeof cell !== "string" && "value" in cell;
}

export function headingOf({ title, unit }: Column): string {
  return unit === undefined ? title : `${title} (${unit})`;
}

/** A cell's reason where it shows no value. */
export function reasonOf(cell: Cell): string | undefined {
  if (typeof cell === "string" || "value" in cell) return undefined;
  return "absent" in cell ? cell.absent : cell.reason;
}

/** The explanations of a table and of the columns that it has. */
export function notesOf({ notes, columns }: Table): string[] {
  return [...notes, ...new Set(columns.flatMap((column) => column.notes ?? []))];
}

export function textOf(cell: Cell): string {
  if (typeof cell === "string") return cell;
  if ("absent" in cell) return ABSENT_MARK;
  if ("censored" in cell) return cell.censored;
  const { shown, range, suffix = "" } = cell;
  return range === undefined
    ? `${shown}${suffix}`
    : `${shown}${suffix} (${range[0]} to ${range[1]}${suffix})`;
}

/** The reasons of a table's cells in the order of their first use; equal ones share a footnote. */
export function reasonsOf({ rows }: Table): string[] {
  return [...new Set(rows.flat().flatMap((cell) => reasonOf(cell) ?? []))];
}

/** Replaces absent and censored cells by their mark and the number of a footnote. */
export function withFootnotes(table: Table): PlainTable {
  const numbers = new Map(reasonsOf(table).map((reason, index) => [reason, index + 1]));
  const rows = table.rows.map((cells) =>
    cells.map((cell) => {
      const reason = reasonOf(cell);
      return reason === undefined ? textOf(cell) : `${textOf(cell)} [${numbers.get(reason) ?? 0}]`;
    }),
  );
  const footnotes = [...numbers].map(([reason, number]) => `[${number}] ${reason}`);
  return {
    caption: table.caption,
    headings: table.columns.map(headingOf),
    aligns: table.columns.map(({ align }) => align),
    rows,
    notes: [...footnotes, ...notesOf(table), ...(table.conditions === undefined ? [] : [table.conditions])],
  };
}

/** Widths that make all cells of a column equally long. */
export function widthsOf(table: PlainTable, escape: (text: string) => string = (text) => text): number[] {
  return table.headings.map((heading, column) =>
    table.rows.reduce(
      (width, row) => Math.max(width, escape(row[column] ?? "").length),
      Math.max(3, escape(heading).length),
    ),
  );
}

export function padded(text: string, width: number, align: "left" | "right"): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}

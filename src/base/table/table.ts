import type { ByteUnit } from "../size.js";

/** A table for all writers: each writes the same content with its own marks. */
export interface Table {
  caption: string;
  columns: Column[];
  rows: Cell[][];
  notes: string[];
  /** Everything that another run must repeat: Node, machine, memory limit, compilers, repetitions. */
  conditions?: string;
}

export interface Column {
  title: string;
  align: "left" | "right";
  /** The unit in which cells are shown. The `value` of a number of bytes is always in bytes. */
  unit?: ByteUnit | "ms";
  /** Columns of a higher rank are the first to be left out of a narrow terminal; by default the place in the table. */
  rank?: number;
  /** Notes that belong to the column: the table has them only if it has the column. */
  notes?: readonly string[];
}

/** An absent value has a reason, a censored one has a bound. Neither is shown as blank or 0. */
export type Cell = string | NumberCell | AbsentCell | CensoredCell;

/** `value` is not rounded. `shown` has the digits that the doubt of the number allows. */
export interface NumberCell {
  value: number;
  low?: number;
  high?: number;
  /** In the column's unit, with commas between thousands. */
  shown: string;
  /** Absent if both ends are the same after rounding. */
  range?: readonly [low: string, high: string];
  /** Only for the mean of several runs: `low` and `high` are then the ends of its interval. */
  runs?: number;
  /** The standard deviation of the runs, not rounded; absent where it is not known. */
  deviation?: number;
  /** The deviation with the decimal places of `shown`; absent if nothing is shown of it. */
  shownDeviation?: string;
  /** What a reader must know of this number, for a footnote. */
  note?: string;
  /** Such as " %", if each number is shown with its unit. */
  suffix?: string;
}

export interface AbsentCell {
  absent: string;
}

/** A value that is only known to be above a bound. */
export interface CensoredCell {
  /** Such as "> 8 GiB". */
  censored: string;
  reason: string;
  /** The bound, not rounded, in the unit of `NumberCell.value`. */
  above?: number;
}

export const ABSENT_MARK = "—";

/** A table of texts, with a footnote for each reason. */
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

export function reasonOf(cell: Cell): string | undefined {
  if (typeof cell === "string") return undefined;
  if ("value" in cell) return cell.note;
  return "absent" in cell ? cell.absent : cell.reason;
}

/** The notes of the table and of its columns. */
export function notesOf({ notes, columns }: Table): string[] {
  return [...notes, ...new Set(columns.flatMap((column) => column.notes ?? []))];
}

export function textOf(cell: Cell): string {
  if (typeof cell === "string") return cell;
  if ("absent" in cell) return ABSENT_MARK;
  if ("censored" in cell) return cell.censored;
  const { shown, range, shownDeviation, suffix = "" } = cell;
  if (shownDeviation !== undefined) return `${shown} ± ${shownDeviation}${suffix}`;
  return range === undefined
    ? `${shown}${suffix}`
    : `${shown}${suffix} (${range[0]} to ${range[1]}${suffix})`;
}

/** The reasons and notes of all cells, in order of their first use. Equal reasons share a footnote. */
export function reasonsOf({ rows }: Table): string[] {
  return [...new Set(rows.flat().flatMap((cell) => reasonOf(cell) ?? []))];
}

/** Cells as texts, those with a reason or a note with the number of a footnote. */
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

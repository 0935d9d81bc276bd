import { outputWidth } from "../output-width.js";
import { wrapped } from "../wrap.js";
import type { PlainTable, Table } from "./table.js";
import { padded, widthsOf, withFootnotes } from "./table.js";
import { visible } from "./visible.js";

const GAP = "  ";
/** A column of text is not made narrower than its longest word, or this where that is longer. */
const LONGEST_WORD = 24;
/** Tables of more rows lose columns rather than become a list. */
const MOST_TURNED_ROWS = 12;

/** The table at the width of standard output. */
export function terminalTable(table: Table): string {
  return fittedTable(table, outputWidth());
}

/**
 * The table in lines of at most `width` characters. Where it is wider, headings and texts are wrapped; then the
 * columns of the highest rank are left out, and a note names them. A table of few rows that would lose half of its
 * columns becomes a list of its rows instead.
 */
export function fittedTable(table: Table, width: number): string {
  const plain = onOneLineEach(withFootnotes(table));
  const ranks = table.columns.map(({ rank }, column) => rank ?? column);
  const kept = columnsThatFit(plain, ranks, width);
  const isList = kept.length * 2 < plain.headings.length && plain.rows.length <= MOST_TURNED_ROWS;
  const left = isList ? [] : plain.headings.filter((_, column) => !kept.includes(column));
  const notes = [
    ...plain.notes,
    ...(left.length === 0 ? [] : [`Left out at this width: ${left.join(", ")}.`]),
  ];
  return [
    ...(plain.caption === "" ? [] : [within(plain.caption, width)]),
    ...(isList ? listLines(plain, width) : tableLines(only(plain, kept), width)),
    ...notes.map((note) => within(note, width)),
  ].join("\n");
}

function within(text: string, width: number): string {
  return text.length <= width ? text : wrapped(text, width);
}

function onOneLineEach({ caption, headings, aligns, rows, notes }: PlainTable): PlainTable {
  return {
    caption: visible(caption),
    headings: headings.map(visible),
    aligns,
    rows: rows.map((cells) => cells.map(visible)),
    notes: notes.map(visible),
  };
}

function only(plain: PlainTable, columns: readonly number[]): PlainTable {
  const pick = <T>(all: readonly T[]): T[] =>
    columns.flatMap((column) => (column in all ? [all[column] as T] : []));
  return {
    ...plain,
    headings: pick(plain.headings),
    aligns: pick(plain.aligns),
    rows: plain.rows.map(pick),
  };
}

/** In their order in the table. The first column, by rank, stays in any case. */
function columnsThatFit(plain: PlainTable, ranks: readonly number[], width: number): number[] {
  const byRank = plain.headings
    .map((_, column) => column)
    .sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || a - b);
  for (let count = byRank.length; count > 1; count--) {
    const columns = byRank.slice(0, count).sort((a, b) => a - b);
    if (total(narrowest(only(plain, columns))) <= width) return columns;
  }
  return byRank.slice(0, 1);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
}

/** Numbers are not broken; headings and texts are, at blanks. */
function narrowest({ headings, aligns, rows }: PlainTable): number[] {
  return headings.map((heading, column) =>
    rows.reduce(
      (widest, row) => {
        const cell = row[column] ?? "";
        return Math.max(widest, aligns[column] === "right" ? cell.length : longestWord(cell));
      },
      Math.max(3, longestWord(heading)),
    ),
  );
}

function longestWord(text: string): number {
  return text.split(" ").reduce((longest, word) => Math.max(longest, Math.min(word.length, LONGEST_WORD)), 0);
}

function tableLines(plain: PlainTable, width: number): string[] {
  const widths = widthsWithin(plain, width);
  const lines = (cells: readonly string[]): string[] => {
    const parts = cells.map((cell, column) => within(cell, widths[column] ?? 0).split("\n"));
    const height = parts.reduce((most, { length }) => Math.max(most, length), 1);
    return Array.from({ length: height }, (_, at) =>
      parts
        .map((part, column) => padded(part[at] ?? "", widths[column] ?? 0, plain.aligns[column] ?? "left"))
        .join(GAP)
        .trimEnd(),
    );
  };
  return [
    ...lines(plain.headings),
    widths.map((each) => "-".repeat(each)).join(GAP),
    ...plain.rows.flatMap(lines),
  ];
}

/** The widest column gives way first. */
function widthsWithin(plain: PlainTable, width: number): number[] {
  const widths = widthsOf(plain);
  const least = narrowest(plain);
  for (let excess = total(widths) - width; excess > 0; excess--) {
    const widest = widths.reduce(
      (best, each, column) => (each > (least[column] ?? 0) && each > (widths[best] ?? 0) ? column : best),
      -1,
    );
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function listLines({ headings, rows }: PlainTable, width: number): string[] {
  return rows.flatMap((row) =>
    row.map((cell, column) =>
      wrapped(`${headings[column] ?? ""}: ${cell}`, width, "    ", column === 0 ? "" : "  "),
    ),
  );
}

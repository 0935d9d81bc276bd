import { markOf } from "./latex-mark.js";
import { latexText } from "./latex-text.js";
import type { Cell, Column, Table } from "./table.js";
import { headingOf, isNumber, reasonOf, textOf } from "./table.js";

/** A column of a tabular; one of numbers with ranges takes two places of the preamble and of each row. */
export interface LatexColumn {
  spec: string;
  heading: string;
  cells: string[];
}

/** A number as a table shows it: thousands apart by commas. */
const SHOWN_NUMBER = /^-?\d{1,3}(,\d{3})*(\.\d+)?$/;
/** Characters that a text may have before its column breaks lines. */
const LONG_TEXT = 32;
/** Characters of a footnotesize to normalsize text that a page's width holds, about. */
const PAGE_CHARACTERS = 75;
/** Headings of numbers break at the width of the numbers, but not below this. */
const HEADING_CHARACTERS = 12;

export function latexColumns(table: Table, reasons: readonly string[]): LatexColumn[] {
  const widths = table.columns.map((column, place) =>
    table.rows.reduce(
      (width, row) => Math.max(width, textOf(row[place] ?? "").length),
      Math.min(headingOf(column).length, HEADING_CHARACTERS),
    ),
  );
  const short = widths.filter((width) => width <= LONG_TEXT).reduce((sum, width) => sum + width + 2, 0);
  const long = widths.length - widths.filter((width) => width <= LONG_TEXT).length;
  const share = Math.min(0.6, Math.max(0.2, (1 - short / PAGE_CHARACTERS) / Math.max(1, long)));
  return table.columns.map((column, place) => {
    const cells = table.rows.map((row) => row[place] ?? "");
    if (cells.some((cell) => digitsOf(cell) !== undefined)) return numbers(column, cells, reasons);
    return texts(column, cells, (widths[place] ?? 0) > LONG_TEXT ? share : undefined, reasons);
  });
}

function texts(
  column: Column,
  cells: readonly Cell[],
  share: number | undefined,
  reasons: readonly string[],
): LatexColumn {
  const side = column.align === "right" ? "r" : "l";
  return {
    spec: share === undefined ? side : `>{\\raggedright\\arraybackslash}p{${share.toFixed(2)}\\linewidth}`,
    heading: share === undefined ? stacked(headingOf(column), LONG_TEXT, side) : latexText(headingOf(column)),
    cells: cells.map((cell) => `${latexText(textOf(cell))}${noteOf(cell, reasons)}`),
  };
}

function numbers(column: Column, cells: readonly Cell[], reasons: readonly string[]): LatexColumn {
  const suffix = commonSuffix(cells);
  const heading = suffix === undefined ? headingOf(column) : `${column.title} (${suffix.trim()})`;
  const ranged = cells.some((cell) => isNumber(cell) && cell.range !== undefined);
  const digits = cells.flatMap((cell) => digitsOf(cell) ?? []);
  const title = stacked(
    heading,
    largest(
      HEADING_CHARACTERS,
      digits.map(({ length }) => length),
    ),
    "c",
  );
  return {
    // Two places, so that the numbers keep one point and the ranges one left edge.
    spec: `S[table-format=${tableFormat(digits)}]${ranged ? "@{\\,}l" : ""}`,
    heading: ranged ? `\\multicolumn{2}{c}{${title}}` : `{${title}}`,
    cells: cells.map((cell) => {
      const number = digitsOf(cell);
      const first = number === undefined ? `{${textIn(cell)}${noteOf(cell, reasons)}}` : number;
      return ranged ? `${first} & ${rangeOf(cell)}` : first;
    }),
  };
}

/** A number without commas that stands alone, so that siunitx can align it. */
function digitsOf(cell: Cell): string | undefined {
  const shown = typeof cell === "string" ? cell : isNumber(cell) ? cell.shown : "";
  return SHOWN_NUMBER.test(shown) ? shown.replaceAll(",", "") : undefined;
}

function textIn(cell: Cell): string {
  const text = textOf(cell);
  const bound = /^> ([\d,.]+)$/.exec(text)?.[1];
  if (bound !== undefined && SHOWN_NUMBER.test(bound))
    return `\\ensuremath{>}\\,\\num{${bound.replaceAll(",", "")}}`;
  return latexText(text);
}

function rangeOf(cell: Cell): string {
  if (!isNumber(cell) || cell.range === undefined) return "";
  const [low, high] = cell.range.map((end) => end.replaceAll(",", ""));
  return `(\\numrange{${low ?? ""}}{${high ?? ""}})`;
}

function noteOf(cell: Cell, reasons: readonly string[]): string {
  const reason = reasonOf(cell);
  return reason === undefined ? "" : markOf(reasons.indexOf(reason));
}

/** The unit of all numbers where it stands at each; siunitx aligns bare numbers only. */
function commonSuffix(cells: readonly Cell[]): string | undefined {
  const [first, ...others] = new Set(cells.flatMap((cell) => (isNumber(cell) ? (cell.suffix ?? "") : [])));
  return others.length === 0 && first !== "" ? first : undefined;
}

/** Places before and after the point that hold every number, such as -6.1. */
function tableFormat(digits: readonly string[]): string {
  const parts = digits.map((number) => number.replace("-", "").split("."));
  const whole = largest(
    1,
    parts.map(([before]) => before?.length ?? 0),
  );
  const places = largest(
    0,
    parts.map(([, after]) => after?.length ?? 0),
  );
  return `${digits.some((number) => number.startsWith("-")) ? "-" : ""}${whole}${places === 0 ? "" : `.${places}`}`;
}

/** A heading in lines of about `width` characters, one over the other. */
function stacked(heading: string, width: number, side: "l" | "r" | "c"): string {
  const lines: string[] = [];
  for (const word of heading.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length === 1) return latexText(heading);
  return `\\begin{tabular}[b]{@{}${side}@{}}${lines.map(latexText).join("\\\\")}\\end{tabular}`;
}

/** Of any number of values: a table may have more rows than a function takes arguments. */
function largest(least: number, values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}

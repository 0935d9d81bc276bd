import { markOf } from "./latex-mark.js";
import { latexText } from "./latex-text.js";
import type { Cell, Column, Table } from "./table.js";
import { headingOf, isNumber, reasonOf, textOf } from "./table.js";

/** A column of a tabular. A column of numbers with ranges becomes two LaTeX columns. */
export interface LatexColumn {
  spec: string;
  heading: string;
  cells: string[];
}

/** A number as tables show it, with commas between thousands. */
const SHOWN_NUMBER = /^-?\d{1,3}(,\d{3})*(\.\d+)?$/;
/** A column breaks lines if its text has more characters. */
const LONG_TEXT = 32;
/** About the number of characters in a page's width. */
const PAGE_CHARACTERS = 75;
/** Headings of number columns break at the width of the numbers, but at least at this width. */
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
  const uncertain = uncertaintyFormat(cells);
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
    // Two LaTeX columns, so that the numbers are aligned at the point and the ranges at their left edge.
    spec: `S[table-format=${tableFormat(digits)}${uncertain}]${ranged ? "@{\\,}l" : ""}`,
    heading: ranged ? `\\multicolumn{2}{c}{${title}}` : `{${title}}`,
    cells: cells.map((cell) => {
      const number = digitsOf(cell);
      const deviation = deviationOf(cell);
      const whole = deviation === undefined ? number : `${number ?? ""}(${deviation})`;
      const first =
        whole === undefined
          ? `{${textIn(cell)}${noteOf(cell, reasons)}}`
          : `${whole}${markOfNumber(cell, reasons)}`;
      return ranged ? `${first} & ${rangeOf(cell)}` : first;
    }),
  };
}

/** The number without commas, if the cell holds only a number: siunitx can align it. */
function digitsOf(cell: Cell): string | undefined {
  const shown = typeof cell === "string" ? cell : isNumber(cell) ? cell.shown : "";
  return SHOWN_NUMBER.test(shown) ? shown.replaceAll(",", "") : undefined;
}

/** A deviation in units of the last digit that is shown, as siunitx reads it: 0.643 ± 0.012 is 0.643(12). */
function deviationOf(cell: Cell): string | undefined {
  if (!isNumber(cell) || cell.shownDeviation === undefined || digitsOf(cell) === undefined) return undefined;
  return cell.shownDeviation.replace(/[,.]/g, "").replace(/^0+(?=.)/, "");
}

/** Room for the deviations of a column; empty without any. It counts places as wide as those of the values. */
function uncertaintyFormat(cells: readonly Cell[]): string {
  const shown = cells.flatMap((cell) => (isNumber(cell) ? (cell.shownDeviation ?? []) : []));
  if (shown.length === 0) return "";
  const parts = shown.map((number) => number.replaceAll(",", "").split("."));
  const whole = largest(
    0,
    parts.map(([before = ""]) => (before === "0" ? 0 : before.length)),
  );
  const places = largest(
    0,
    parts.map(([, after = ""]) => after.length),
  );
  // siunitx reads one digit here.
  return `(${Math.min(9, Math.max(1, whole + places))}),separate-uncertainty=true`;
}

/** The mark of a note behind a number. It takes no width, so that the column stays as wide as its numbers. */
function markOfNumber(cell: Cell, reasons: readonly string[]): string {
  const mark = noteOf(cell, reasons);
  return mark === "" ? "" : `{\\rlap{${mark}}}`;
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

/**
 * The unit of all numbers, if each cell has the same one. It moves to the heading, since siunitx aligns bare numbers
 * only.
 */
function commonSuffix(cells: readonly Cell[]): string | undefined {
  const [first, ...others] = new Set(cells.flatMap((cell) => (isNumber(cell) ? (cell.suffix ?? "") : [])));
  return others.length === 0 && first !== "" ? first : undefined;
}

/** Digits before and after the point that fit every number, such as -6.1. */
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

/** A heading in lines of about `width` characters. */
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

/** A table may have more rows than Math.max takes arguments. */
function largest(least: number, values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}

import { isAbsent } from "../../system/probe/reading.js";
import { fixed } from "../../base/format.js";
import type { Cell, Table } from "../../base/table/table.js";
import type { WriteReport } from "../analysis/report.js";
import { left, right } from "./cells.js";

const MOST_UNPLACED = 20;

export function layoutsTable({ layouts }: WriteReport): Table {
  return {
    caption: "Layouts of the rows",
    columns: [
      left("layout"),
      left("known by"),
      right("fields"),
      right("rows"),
      right("first line"),
      right("last line"),
      left("columns"),
    ],
    rows: layouts.map(({ name, source, columns, rows, firstLine, lastLine }) => [
      name,
      source,
      fixed(columns.length, 0),
      fixed(rows, 0),
      fixed(firstLine, 0),
      fixed(lastLine, 0),
      columns.join(" "),
    ]),
    notes: [],
  };
}

export function headerTable({ header }: WriteReport): Table | undefined {
  if (isAbsent(header) || header.misread.length === 0) return undefined;
  const total =
    (of: "mean" | "max" | "last") =>
    (column: (typeof header.misread)[number]): Cell => {
      const { right: truth, read } = column;
      if (truth === undefined || read === undefined) return { absent: "the column holds no numbers" };
      if (truth.rows === 0 || read.rows === 0) return { absent: "no row has a number in it" };
      const value = ({ sum, rows, max = sum, last = sum }: typeof truth): string =>
        of === "mean"
          ? fixed(sum / rows, 3)
          : fixed(of === "max" ? max : last, Number.isInteger(of === "max" ? max : last) ? 0 : 4);
      return `${value(read)} (right: ${value(truth)})`;
    };
  return {
    caption: "What a reader that trusts the header gets wrong",
    columns: [
      left("column"),
      left("reads in its place"),
      right("rows"),
      right("with another value"),
      left("first example"),
      right("mean"),
      right("max"),
      right("last"),
    ],
    rows: header.misread.map((column) => [
      column.column,
      Object.keys(column.readAs).join(", "),
      fixed(column.rows, 0),
      fixed(column.differing, 0),
      column.example === undefined
        ? { absent: "the values are the same" }
        : `line ${fixed(column.example.line, 0)}: "${column.example.read}" (right: "${column.example.right}")`,
      total("mean")(column),
      total("max")(column),
      total("last")(column),
    ]),
    notes: [],
  };
}

export function unplacedTable({ unplacedCount, unplacedLines }: WriteReport): Table | undefined {
  if (unplacedCount === 0) return undefined;
  const shown = unplacedLines.slice(0, MOST_UNPLACED);
  return {
    caption: `Lines that fit no layout: ${fixed(unplacedCount, 0)}`,
    columns: [right("line"), right("fields"), left("why"), left("begins with")],
    rows: shown.map(({ line, fields, why, beginning }) => [fixed(line, 0), fixed(fields, 0), why, beginning]),
    notes:
      unplacedCount > shown.length
        ? [`${fixed(unplacedCount - shown.length, 0)} more are not shown; --json lists up to 1,000.`]
        : [],
  };
}

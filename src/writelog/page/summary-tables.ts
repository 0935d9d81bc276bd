import { fixed, percent } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { SummaryReport } from "../summary/join.js";
import { left, right } from "./cells.js";

const MOST_INCREASES = 20;

export function summaryTables(summary: SummaryReport): Table[] {
  return [sizesTable(summary), meansTable(summary), runsTable(summary)];
}

function sizesTable({ memSizeAtSteps, increases, path, rows }: SummaryReport): Table {
  const list = increases
    .slice(0, MOST_INCREASES)
    .map(
      ({ step, from, to, line }) =>
        `step ${fixed(step, 0)}: ${fixed(from, 0)} to ${fixed(to, 0)} (line ${fixed(line, 0)})`,
    );
  return {
    caption: `mem_size in ${path} (${fixed(rows, 0)} rows)`,
    columns: [right("step"), right("mem_size")],
    rows: memSizeAtSteps.map(({ step, memSize }) => [fixed(step, 0), fixed(memSize, 0)]),
    notes: [
      increases.length === 0
        ? "mem_size never grows."
        : `${fixed(increases.length, 0)} ${increases.length === 1 ? "increase" : "increases"}: ${list.join("; ")}${increases.length > list.length ? " and more" : ""}.`,
    ],
  };
}

function meansTable({ columns }: SummaryReport): Table {
  return {
    caption: "Columns of the summary",
    columns: [left("column"), right("mean"), right("last row"), right("rows")],
    rows: Object.entries(columns).map(([name, { mean, last, rows }]) => [
      name,
      significant(mean),
      significant(last),
      fixed(rows, 0),
    ]),
    notes: [],
  };
}

/** Five decimal places, or four digits for a small number. */
function significant(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toPrecision(4) : fixed(value, 5);
}

function runsTable({ runs }: SummaryReport): Table {
  return {
    caption: "mem_size of the runs against the summary's",
    columns: [right("run"), right("steps compared"), right("equal"), right("largest difference")],
    rows: runs.map(({ run, compared, agreeing, largestDifference }) => [
      String(run),
      fixed(compared, 0),
      compared === 0 ? { absent: "no step in common" } : percent(agreeing / compared),
      fixed(largestDifference, 0),
    ]),
    notes: [],
  };
}

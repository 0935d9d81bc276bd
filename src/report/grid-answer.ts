import { isNumber, textOf } from "../base/table/table.js";
import { counted } from "../base/format.js";
import { kindOf } from "../record/kind.js";
import type { Result, ResultRow } from "../record/schema.js";
import { columnsOf, mainTable } from "./main-table.js";

/** More rows are told by the least and the most of their values. */
const SAID_ROWS = 3;
const SAID_READINGS = 2;
/** What every command has, whatever it prints. */
const COMMON = ["peakBytes", "durationMs", "pssBytes", "mainPssBytes"].map((name) => `readings.${name}`);

/** How the rows ended, and what their commands printed: means with the deviation of one run. */
export function gridAnswer(result: Result): string {
  const values = kindOf(result) === "command" ? valuesText(result) : [];
  return [outcomesOf(result), ...values].join("; ").concat(".");
}

function outcomesOf({ rows }: Result): string {
  const counts = new Map<string, number>();
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const [first = ""] = counts.keys();
  if (counts.size === 1 && rows.length > 1) return `${counted(rows.length, "row")}, all ${first}`;
  return `${counted(rows.length, "row")}: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}`;
}

function valuesText(result: Result): string[] {
  const { columns, rows } = mainTable(result);
  const readings = columnsOf(result).flatMap(({ from }, place) =>
    from.startsWith("readings.") ? [{ from, place }] : [],
  );
  const own = readings.filter(({ from }) => !COMMON.includes(from));
  const shown = own.length > 0 ? own : readings.filter(({ from }) => from === "readings.peakBytes");
  return shown.slice(0, SAID_READINGS).flatMap(({ place }) => {
    const { title = "", unit } = columns[place] ?? {};
    const values = rows.flatMap((cells, row) => {
      const cell = cells[place];
      const of = result.rows[row];
      if (cell === undefined || of?.outcome !== "ok" || typeof cell === "string" || !isNumber(cell))
        return [];
      const text = `${textOf(cell)}${unit === undefined ? "" : ` ${unit}`}`;
      return [{ value: cell.value, text: `${text}${levels(of, result.rows)}` }];
    });
    if (values.length === 0) return [];
    if (values.length <= SAID_ROWS) return [`${title}: ${values.map(({ text }) => text).join(", ")}`];
    const sorted = [...values].sort((a, b) => a.value - b.value);
    return [`${title}: from ${sorted[0]?.text ?? ""} to ${sorted.at(-1)?.text ?? ""}`];
  });
}

/** The levels that tell a row from the others. */
function levels({ factors }: ResultRow, rows: readonly ResultRow[]): string {
  const varied = Object.entries(factors).filter(([name, level]) =>
    rows.some((other) => other.factors[name] !== level),
  );
  return varied.length === 0
    ? ""
    : ` at ${varied.map(([name, level]) => `${name}=${String(level)}`).join(", ")}`;
}

import type { Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";
import { visibleLines } from "../base/table/visible.js";
import type { Result } from "../record/schema.js";
import { doubtNames, shortAnswer } from "./answer.js";
import { inOrder } from "./order.js";
import { conditions } from "./main-table.js";

/** How a run of several experiments ends: their answers in one table, and the conditions of all, each once. */
export function answersText(results: readonly Result[]): string {
  const notes = [...new Set(results.map((result) => conditions(result, result.rows)))];
  // The answer of the only experiment stands right above.
  if (results.length === 1) return visibleLines(notes.join("\n"));
  const table: Table = {
    caption: "Answers",
    columns: [
      { title: "experiment", align: "left" },
      { title: "answer", align: "left" },
      { title: "doubts", align: "left" },
    ],
    rows: inOrder(results).map((result) => [
      result.experiment,
      shortAnswer(result),
      doubtNames(result).join(", ") || "none",
    ]),
    notes,
  };
  return terminalTable(table);
}

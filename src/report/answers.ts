import { firstSentence } from "../base/sentence.js";
import type { Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";
import type { Result } from "../record/schema.js";
import { KIND_PAGES } from "./kind-pages.js";
import { kindOf } from "../record/kind.js";
import { conditions } from "./main-table.js";
import { headline } from "./sections.js";

/** How a run of several experiments ends: their answers in one table, and the conditions of all, each once. */
export function answersText(results: readonly Result[]): string {
  const table: Table = {
    caption: "Answers",
    columns: [
      { title: "experiment", align: "left" },
      { title: "answer", align: "left" },
      { title: "doubts", align: "left" },
    ],
    rows: results.map((result) => [
      result.experiment,
      answerOf(result),
      [...new Set(result.warnings.map(({ name }) => name))].join(", ") || "none",
    ]),
    notes: [...new Set(results.map((result) => conditions(result, result.rows)))],
  };
  return terminalTable(table);
}

/** The sentence that answers the experiment's question. */
function answerOf(result: Result): string {
  if (KIND_PAGES[kindOf(result)].hasPopulations) return firstSentence(headline(result));
  return result.findings?.[0] ?? outcomesOf(result);
}

function outcomesOf({ rows }: Result): string {
  const counts = new Map<string, number>();
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return `${rows.length} ${rows.length === 1 ? "row" : "rows"}: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}.`;
}

import type { Answer } from "../../base/answer.js";
import { isAbsent } from "../../system/probe/reading.js";
import { fixed } from "../../base/format.js";
import { markdownTable } from "../../base/table/markdown.js";
import type { Table } from "../../base/table/table.js";
import { terminalTable } from "../../base/table/terminal.js";
import type { Finding, WriteReport } from "../analysis/report.js";
import type { SummaryReport } from "../summary/join.js";
import { gatesTable, thresholdsTable } from "./gate-tables.js";
import { bucketsTable, correlationsTable, increasesTable, topTable } from "./step-tables.js";
import { headerTable, layoutsTable, unplacedTable } from "./reader-tables.js";
import { actionsTable, runsTable } from "./run-tables.js";
import { summaryTables } from "./summary-tables.js";

export type PageForm = "markdown" | "terminal";

/** The diagnosis in sentences, with the whole page behind it. */
export function writeAnswer(
  report: WriteReport,
  diagnosis: readonly Finding[],
  summary: SummaryReport | undefined,
): Answer {
  const contradictions = summary?.contradictions ?? [];
  return {
    sentences: [
      opening(report).replace(/ Lines are counted.*/, ""),
      ...diagnosis.map(({ message }) => message),
      ...(summary !== undefined && contradictions.length === 0
        ? ["The summary and the log do not contradict each other."]
        : []),
    ],
    doubts: [
      ...contradictions.map((message) => ({ name: "contradiction", message })),
      ...report.warnings.map(({ message }) => ({ message })),
    ],
    next: ["Gates, steps and growth: --verbose. As Markdown: --markdown."],
    details: writePage(report, diagnosis, summary, "terminal"),
  };
}

export function writePage(
  report: WriteReport,
  diagnosis: readonly Finding[],
  summary: SummaryReport | undefined,
  form: PageForm,
): string {
  const heading = (level: number, text: string): string =>
    form === "markdown"
      ? `${"#".repeat(level)} ${text}`
      : level === 1
        ? text
        : `${text}\n${"=".repeat(text.length)}`;
  const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join("\n");
  const table = (one: Table): string => (form === "markdown" ? markdownTable(one) : terminalTable(one));
  const section = (title: string, ...parts: (string | Table | undefined)[]): string[] => {
    const shown = parts.filter((part) => part !== undefined && part !== "");
    if (shown.length === 0) return [];
    return [
      heading(2, title),
      ...shown.map((part) => (typeof part === "string" ? part : table(part as Table))),
    ];
  };
  return [
    heading(1, `Writes of ${report.file.path}`),
    opening(report),
    ...section("Diagnosis", list(diagnosis.map(({ message }) => message))),
    ...section("Warnings", list(report.warnings.map(({ message }) => message))),
    ...section("Events", actionsTable(report)),
    ...section("Runs", runsTable(report)),
    ...section("Gates", gatesTable(report), thresholdsTable(report)),
    ...section(
      "Steps",
      bucketsTable(report),
      topTable(report, "commit"),
      topTable(report, "stage"),
      topTable(report, "promote"),
      topTable(report, "merge"),
      correlationsTable(report),
    ),
    ...section("Growth", increasesTable(report)),
    ...(summary === undefined
      ? []
      : section(
          "Summary",
          ...summaryTables(summary),
          summary.contradictions.length === 0
            ? "The summary and the log do not contradict each other."
            : `Contradictions:\n\n${list(summary.contradictions)}`,
        )),
    ...section("Layouts", layoutsTable(report), headerTable(report), unplacedTable(report)),
  ].join("\n\n");
}

function opening({ events, file, steps, runs, omittedRuns }: WriteReport): string {
  const range = isAbsent(steps)
    ? ""
    : ` within steps ${fixed(steps.from, 0)} to ${steps.to === Number.MAX_SAFE_INTEGER ? "the last" : fixed(steps.to, 0)}, both included; the file has ${fixed(file.events, 0)}`;
  return `${fixed(events, 0)} events of ${fixed(runs.length + omittedRuns, 0)} ${runs.length + omittedRuns === 1 ? "run" : "runs"}${range}. Lines are counted from 1 and include the header.`;
}

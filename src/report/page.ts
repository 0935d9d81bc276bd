import type { Answer } from "../base/answer.js";
import type { FigureLink } from "./figure-links.js";
import { answerOf } from "./answer.js";
import { capacitySentence, capacityTables } from "./capacity-table.js";
import { figureSection } from "./figure-links.js";
import { frontierTables } from "./frontier-table.js";
import { KIND_PAGES } from "./kind-pages.js";
import { linesTable } from "./lines-table.js";
import { conditions, followUpTables, mainTable, readingTitle } from "./main-table.js";
import { markdownSentence, markdownTable } from "../base/table/markdown.js";
import { visibleLines } from "../base/table/visible.js";
import { runsTable } from "./runs-table.js";
import { rolloutTables } from "./rollout-table.js";
import { kindOf } from "../record/kind.js";
import type { Result } from "../record/schema.js";
import {
  breakdownTables,
  calibrationTable,
  commandFitTable,
  estimateTables,
  fitTable,
  headline,
  ledgerTable,
} from "./sections.js";
import type { Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";

/** The page of one experiment: answer, warnings, tables, and how each number was measured. */
export function resultPage(
  result: Result,
  figures: readonly FigureLink[] = [],
  /** Name of the file with the numbers, without its ending. */
  name = "result",
): string {
  if (!KIND_PAGES[kindOf(result)].hasPopulations) return programPage(result, figures, name);
  const ledger = ledgerTable(result);
  const parts = [
    `# ${markdownSentence(result.title)}`,
    ...quickLine(result).map((line) => `**${line}**`),
    ...(result.question === undefined ? [] : [`*${markdownSentence(result.question)}*`]),
    markdownSentence(headline(result)),
    doubts(result),
    markdownTable(mainTable(result)),
    "## The figures",
    markdownTable(fitTable(result)),
    ...capacity(result),
    ...section("## Estimate and measurement", estimateTables(result)),
    ...section("## Where the bytes go", breakdownTables(result)),
    ...section("## Does it add up?", ledger === undefined ? [] : [ledger]),
    ...figureSection(figures),
    "## How this was measured",
    method(result),
    markdownTable(calibrationTable(result)),
    provenance(result, name),
  ];
  return `${parts.join("\n\n")}\n`;
}

function programPage(result: Result, figures: readonly FigureLink[], name: string): string {
  const repetitions = runsTable(result, (reading) => readingTitle(result.table, reading));
  const parts = [
    `# ${markdownSentence(result.title)}`,
    ...quickLine(result).map((line) => `**${line}**`),
    ...(result.question === undefined ? [] : [`*${markdownSentence(result.question)}*`]),
    markdownSentence(answerOf(result)),
    doubts(result),
    ...[mainTable(result), ...programTables(result)].map(markdownTable),
    ...section("## What the repetitions say", repetitions === undefined ? [] : [repetitions]),
    ...figureSection(figures),
    "## How this was measured",
    programMethod(result),
    provenance(result, name),
  ];
  return `${parts.join("\n\n")}\n`;
}

function programMethod(result: Result): string {
  const { rows } = result;
  const { how } = KIND_PAGES[kindOf(result)];
  const sources = [...new Set(rows.flatMap(({ peakSource }) => peakSource ?? []))];
  const peaks = sources.length === 0 ? "" : ` Peaks are from ${sources.join("; ")}.`;
  return markdownSentence(`${how}${peaks} ${conditions(result, rows)}`);
}

/** Tables in addition to the main table. */
function programTables(result: Result): Table[] {
  const lines = [commandFitTable(result), linesTable(result)].filter((table) => table !== undefined);
  return [...rolloutTables(result), ...frontierTables(result), ...lines, ...followUpTables(result)];
}

/**
 * The answer and the doubts for the terminal, with the tables apart. The conditions are said once for the whole run.
 *
 * @param file its page; undefined where none was written
 */
export function resultAnswer(result: Result, file: string | undefined): Answer {
  const { hasPopulations } = KIND_PAGES[kindOf(result)];
  const others = hasPopulations ? [] : programTables(result);
  const answer = hasPopulations ? headline(result) : `${result.title}: ${answerOf(result)}`;
  return {
    sentences: answer.split("\n"),
    doubts: result.warnings,
    next:
      file === undefined
        ? []
        : [`All of it${result.settings.quick === true ? " (a quick run, for a first look)" : ""}: ${file}`],
    details: [mainTable(result), ...others]
      .map((table) => visibleLines(terminalTable(withoutConditions(table))))
      .join("\n\n"),
  };
}

function withoutConditions(table: Table): Table {
  const rest = { ...table };
  delete rest.conditions;
  return rest;
}

/** What every page of a quick run begins with. */
export function quickLine({ settings }: Result): string[] {
  if (settings.quick !== true) return [];
  return [
    "Quick run: smaller populations and caps, for a first look; its numbers do not stand beside those of a full run.",
  ];
}

function section(title: string, tables: readonly Table[]): string[] {
  return tables.length === 0 ? [] : [title, ...tables.map(markdownTable)];
}

function doubts({ warnings, missing, complete }: Result): string {
  const lines = warnings.map(
    ({ name, message }) => `- **${markdownSentence(name)}**: ${markdownSentence(message)}`,
  );
  const gaps = missing.map((cell) => `- missing: ${markdownSentence(cell)}`);
  if (lines.length + gaps.length === 0 && complete) return "No warnings.";
  return ["Doubts:", "", ...lines, ...gaps].join("\n");
}

function capacity(result: Result): string[] {
  const sentence = capacitySentence(result);
  return [...(sentence === undefined ? [] : [sentence]), ...capacityTables(result).map(markdownTable)];
}

function method(result: Result): string {
  const { environment } = result;
  const compilers =
    environment.compilers === "off"
      ? "The optimising compilers were off, which leaves the layout of objects as it is and keeps code out of the readings."
      : "The optimising compilers were on.";
  return `${KIND_PAGES[kindOf(result)].how} ${compilers} Flags: \`${environment.flags.join(" ")}\`. ${conditions(result, result.rows)}`;
}

function provenance(result: Result, name: string): string {
  const { selection } = result.settings;
  const { commit } = result.environment;
  const at = typeof commit === "string" ? `commit ${commit}` : `commit unknown (${commit.absent})`;
  const journal =
    result.journal === undefined
      ? ""
      : `, journal [${result.journal}](../${result.journal}) (SHA-256 ${result.journalSha256 ?? "unknown"})`;
  return `Run ${result.runId}, ${result.startedAt} to ${result.finishedAt}, ${at}${journal}.${selection === undefined ? "" : ` It ran a part of the experiment: ${markdownSentence(String(selection))}.`} Unrounded numbers: [${name}.json](${name}.json).`;
}

import { answerOf } from "../answer.js";
import { capacitySentence } from "../capacity-table.js";
import type { Figure } from "../figure/figure.js";
import type { NamedTable } from "../result-tables.js";
import type { Result } from "../../record/schema.js";
import { quickLine } from "../page.js";
import { escaped, partId, prose } from "./escape.js";
import { htmlFigure } from "./figure.js";
import { factList, methodFacts, readingsTable } from "./method.js";
import { htmlTable } from "./table.js";

/** One experiment with its figures and tables. */
export interface Chapter {
  id: string;
  result: Result;
  tables: NamedTable[];
  figures: Figure[];
}

/** The section of one experiment: answer, warnings, figures, tables, method. */
export function section({ id, result, tables, figures }: Chapter): string {
  const [main, ...others] = tables;
  const methodTables = others.filter(({ name }) => name === "calibration");
  const shown = others.filter((each) => !methodTables.includes(each));
  const said = new Set([main?.table.conditions ?? "", ...doubtNotes(result)]);
  const table = ({ name, table: own }: NamedTable): string =>
    htmlTable(plain(own, said, name === main?.name), { id: partId(id, "table", name), hasFile: true });
  const readings = readingsTable(result);
  return [
    `<section class="experiment" id="${id}" aria-labelledby="${id}--title">`,
    `<h2 id="${id}--title">${escaped(result.title)}</h2>`,
    ...quickLine(result).map((line) => `<p class="answer"><strong>${escaped(line)}</strong></p>`),
    ...(result.question === undefined ? [] : [`<p class="question">${prose(result.question)}</p>`]),
    `<p class="answer">${prose(answerOf(result))}</p>`,
    doubts(result),
    ...(main === undefined ? [] : [table(main)]),
    ...capacity(result),
    ...folded(
      "Figures",
      `${id}--figures`,
      figures.map((figure) => htmlFigure(figure, partId(id, "figure", figure.name ?? ""), said)),
    ),
    ...folded("Further tables", `${id}--tables`, shown.map(table)),
    ...folded("How this was measured", `${id}--method`, [
      factList(methodFacts(result)),
      ...methodTables.map(table),
      ...(readings === undefined ? [] : [htmlTable(readings, { id: `${id}--readings`, hasFile: false })]),
    ]),
    `<p class="files"><button type="button" class="download" data-file="${id}">All numbers: result.json</button></p>`,
    `</section>`,
  ].join("\n");
}

/** A part that the reader opens; paper shows all of them. */
function folded(title: string, id: string, parts: readonly string[]): string[] {
  if (parts.length === 0) return [];
  return [`<details class="part" id="${id}"><summary><h3>${title}</h3></summary>`, ...parts, "</details>"];
}

/** Removes from a table the notes that the section has already shown. */
function plain(table: NamedTable["table"], said: ReadonlySet<string>, isMain: boolean): NamedTable["table"] {
  const { conditions, ...rest } = table;
  const notes = table.notes.filter((note) => !said.has(note));
  return conditions === undefined || (said.has(conditions) && !isMain)
    ? { ...rest, notes }
    : { ...rest, notes, conditions };
}

function doubtNotes({ warnings }: Result): string[] {
  return warnings.map(({ name, message }) => `Doubt (${name}): ${message}`);
}

/** Number of doubts of a result: its warnings, its missing cells, and one more if it is incomplete. */
export function doubtCount({ warnings, missing, complete }: Result): number {
  return warnings.length + missing.length + (complete ? 0 : 1);
}

function doubts(result: Result): string {
  const lines = doubtLines(result);
  if (lines.length === 0) return `<p class="no-doubts">No warnings.</p>`;
  return `<aside class="doubts"><p>Doubts</p><ul>${lines.map((line) => `<li>${line}</li>`).join("\n")}</ul></aside>`;
}

/** Each doubt of a result: its name and what it says. */
export function doubtLines({ warnings, missing, complete }: Result): string[] {
  return [
    ...(complete
      ? []
      : ["<strong>incomplete</strong>: rows lack trials; what is here may change when they are run."]),
    ...warnings.map(({ name, message }) => `<strong>${escaped(name)}</strong>: ${prose(message)}`),
    ...missing.map((cell) => `<strong>missing</strong>: ${escaped(cell)}`),
  ];
}

function capacity(result: Result): string[] {
  const sentence = capacitySentence(result);
  return sentence === undefined ? [] : [`<p>${prose(sentence)}</p>`];
}

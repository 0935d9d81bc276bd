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
    ...(figures.length === 0
      ? []
      : [
          `<h3 id="${id}--figures">Figures</h3>`,
          ...figures.map((figure) => htmlFigure(figure, partId(id, "figure", figure.name ?? ""), said)),
        ]),
    ...(shown.length === 0 ? [] : [`<h3 id="${id}--tables">Further tables</h3>`, ...shown.map(table)]),
    `<h3 id="${id}--method">How this was measured</h3>`,
    factList(methodFacts(result)),
    ...methodTables.map(table),
    ...(readings === undefined ? [] : [htmlTable(readings, { id: `${id}--readings`, hasFile: false })]),
    `<p class="files"><button type="button" class="download" data-file="${id}">All numbers: result.json</button></p>`,
    `</section>`,
  ].join("\n");
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
  const { warnings, missing, complete } = result;
  if (doubtCount(result) === 0) return `<p class="no-doubts">No warnings.</p>`;
  const lines = [
    ...(complete
      ? []
      : [
          "<li><strong>incomplete</strong>: rows lack trials; what is here may change when they are run.</li>",
        ]),
    ...warnings.map(({ name, message }) => `<li><strong>${escaped(name)}</strong>: ${prose(message)}</li>`),
    ...missing.map((cell) => `<li><strong>missing</strong>: ${escaped(cell)}</li>`),
  ];
  return `<aside class="doubts"><p>Doubts</p><ul>${lines.join("\n")}</ul></aside>`;
}

function capacity(result: Result): string[] {
  const sentence = capacitySentence(result);
  return sentence === undefined ? [] : [`<p>${prose(sentence)}</p>`];
}

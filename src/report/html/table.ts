import type { Cell, Table } from "../../base/table/table.js";
import { headingOf, isNumber, notesOf, reasonOf, reasonsOf, textOf } from "../../base/table/table.js";
import { escaped, prose } from "./escape.js";

export interface TableParts {
  /** Id of the table on the page; the download button uses it too. */
  id: string;
  /** Whether a file with the unrounded numbers is offered. */
  hasFile: boolean;
}

/** A table with buttons in its headings that sort it. Footnotes stay below, in the order of the results. */
export function htmlTable(table: Table, { id, hasFile }: TableParts): string {
  const numbers = new Map(reasonsOf(table).map((reason, index) => [reason, index + 1]));
  const head = table.columns
    .map(
      (column) =>
        `<th scope="col" class="${column.align}" aria-sort="none"><button type="button" class="sort">${escaped(headingOf(column))}</button></th>`,
    )
    .join("");
  const body = table.rows
    .map((row) => {
      const cells = row.map((cell, place) =>
        cellOf(cell, table.columns[place]?.align ?? "left", numbers, id),
      );
      return `<tr>${cells.join("")}</tr>`;
    })
    .join("\n");
  return [
    `<div class="table" id="${id}">`,
    captionOf(table.caption, id, hasFile),
    `<div class="scroll" role="region" aria-labelledby="${id}--caption" tabindex="0">`,
    `<table aria-labelledby="${id}--caption">`,
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${body}\n</tbody></table></div>`,
    footOf(table, numbers, id),
    "</div>",
  ]
    .filter(Boolean)
    .join("\n");
}

/** Stands above the scrolling box, so that a narrow screen shows all of it. */
export function captionOf(caption: string, id: string, hasFile: boolean): string {
  const button = hasFile
    ? ` <button type="button" class="download" data-file="${id}" aria-label="Save as CSV: ${escaped(caption)}">CSV</button>`
    : "";
  return `<p class="caption"><span id="${id}--caption">${escaped(caption)}</span>${button}</p>`;
}

/** Texts up to this many letters are not broken into lines. */
const SHORT = 24;

function cellOf(
  cell: Cell,
  align: "left" | "right",
  numbers: ReadonlyMap<string, number>,
  id: string,
): string {
  const reason = reasonOf(cell);
  const key = sortKey(cell);
  const data = key === undefined ? "" : ` data-v="${key}"`;
  const text = textOf(cell);
  const place = `${align}${align === "left" && text.length <= SHORT ? " short" : ""}`;
  if (reason === undefined) return `<td class="${place}"${data}>${escaped(text)}</td>`;
  const number = numbers.get(reason) ?? 0;
  // A screen reader reads the mark together with its reason, because it cannot show the footnote.
  const note = `<sup><a href="#${id}--note-${number}" aria-label="${escaped(`note ${number}: ${reason}`)}">${number}</a></sup>`;
  return `<td class="${place} ${classOf(cell)}"${data}>${escaped(text)}${note}</td>`;
}

function classOf(cell: Cell): string {
  if (typeof cell === "string" || isNumber(cell)) return "noted";
  return "absent" in cell ? "absent" : "bound";
}

/**
 * The key by which a cell is sorted; undefined for words, empty for a cell without a value, which goes last.
 */
function sortKey(cell: Cell): string | undefined {
  if (typeof cell === "string") return undefined;
  if (isNumber(cell)) return String(cell.value);
  if ("censored" in cell && cell.above !== undefined) return String(cell.above);
  return "";
}

function footOf(table: Table, numbers: ReadonlyMap<string, number>, id: string): string {
  const footnotes = [...numbers].map(
    ([reason, number]) => `<li id="${id}--note-${number}" value="${number}">${prose(reason)}</li>`,
  );
  const notes = notesOf(table).map((note) => `<p>${prose(note)}</p>`);
  const conditions = table.conditions === undefined ? [] : [`<p>${prose(table.conditions)}</p>`];
  const parts = [
    ...(footnotes.length === 0 ? [] : [`<ol>${footnotes.join("")}</ol>`]),
    ...notes,
    ...conditions,
  ];
  return parts.length === 0 ? "" : `<div class="notes">${parts.join("")}</div>`;
}

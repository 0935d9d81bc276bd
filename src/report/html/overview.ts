import { shortAnswer } from "../answer.js";
import { numberCell } from "../../base/table/number-cell.js";
import { escaped, prose } from "./escape.js";
import { captionOf } from "./table.js";
import type { Chapter } from "./section.js";
import { doubtCount, doubtLines } from "./section.js";

const COLUMNS = [
  ["experiment", "left"],
  ["answer", "left"],
  ["doubts", "right"],
  ["rows without a result", "right"],
  ["finished", "left"],
  ["Node", "left"],
] as const;

export function overview(chapters: readonly Chapter[]): string {
  const head = COLUMNS.map(
    ([title, align]) =>
      `<th scope="col" class="${align}" aria-sort="none"><button type="button" class="sort">${title}</button></th>`,
  ).join("");
  const rows = chapters.map(({ id, result }) => {
    const rows = [...result.rows, ...(result.followUps ?? []).flatMap(({ rows: own }) => own)];
    const failed = rows.filter(({ outcome }) => outcome !== "ok").length;
    const count = doubtCount(result);
    const answer = shortAnswer(result);
    const number = numberCell(failed, 0).shown;
    return [
      `<tr><th scope="row" class="left"><a href="#${id}">${escaped(result.title)}</a>${result.settings.quick === true ? ' <strong class="doubtful">quick</strong>' : ""}</th>`,
      `<td class="left sentence">${prose(answer)}</td>`,
      `<td class="right${count === 0 ? "" : " doubtful"}" data-v="${count}">${count === 0 ? "none" : count}</td>`,
      `<td class="right" data-v="${failed}">${failed === 0 ? "none" : `${number} of ${rows.length}`}</td>`,
      `<td class="left short">${escaped(result.finishedAt.slice(0, 10))}</td>`,
      `<td class="left short">${escaped(result.environment.node)}</td></tr>`,
    ].join("");
  });
  return [
    `<div class="table overview" id="overview">`,
    captionOf("All experiments", "overview", false),
    `<div class="scroll" role="region" aria-labelledby="overview--caption" tabindex="0">`,
    `<table aria-labelledby="overview--caption"><thead><tr>${head}</tr></thead>`,
    `<tbody>\n${rows.join("\n")}\n</tbody></table></div></div>`,
  ].join("\n");
}

/** Every doubt of every experiment, in one place. */
export function allDoubts(chapters: readonly Chapter[]): string[] {
  const entries = chapters.flatMap(({ id, result }) =>
    doubtLines(result).map((line) => `<li><a href="#${id}">${escaped(result.title)}</a>: ${line}</li>`),
  );
  if (entries.length === 0) return [];
  return [
    `<section id="doubts" aria-labelledby="doubts--title"><h2 id="doubts--title">All doubts</h2><ul class="all-doubts">${entries.join("\n")}</ul></section>`,
  ];
}

/** The table of contents: experiments and their parts. */
export function contents(chapters: readonly Chapter[]): string {
  const entry = ({ id, result, figures, tables }: Chapter): string => {
    const parts = [
      ...(figures.length === 0 ? [] : [`<a href="#${id}--figures">figures</a>`]),
      ...(tables.some(({ name }, place) => place > 0 && name !== "calibration")
        ? [`<a href="#${id}--tables">tables</a>`]
        : []),
      `<a href="#${id}--method">method</a>`,
    ];
    return `<li><a href="#${id}">${escaped(result.title)}</a> <span class="parts">${parts.join(" ")}</span></li>`;
  };
  return `<nav aria-label="Contents"><ol><li><a href="#overview">All experiments</a></li><li><a href="#environment">Environment</a></li>${chapters.map(entry).join("")}</ol></nav>`;
}

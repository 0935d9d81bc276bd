import { latexColumns } from "./latex-columns.js";
import { latexComment, latexNote, latexText } from "./latex-text.js";
import { markOf } from "./latex-mark.js";
import type { Table } from "./table.js";
import { notesOf, reasonsOf } from "./table.js";

/**
 * A heading with its conditions. In a float it is the float's caption, elsewhere a paragraph. A paper may define the
 * macro itself before the table.
 */
const CAPTION_MACRO =
  "\\providecommand{\\bytespercaption}[2]{\\ifcsname @captype\\endcsname\\caption[#1]{#1. #2}\\else\\par\\noindent\\textbf{#1.} #2\\fi\\par\\smallskip}";

/**
 * A table in LaTeX for a paper that loads booktabs and siunitx. It is not in a float. Numbers are aligned at the
 * point, and absent and censored cells refer to a note below. `origin` is written as comments.
 */
export function latexTable(table: Table, origin: readonly string[] = []): string {
  const reasons = reasonsOf(table);
  const columns = latexColumns(table, reasons);
  const rows = table.rows.map((_, row) => line(columns.map(({ cells }) => cells[row] ?? "")));
  return [
    ...origin.map(latexComment),
    ...caption(table),
    `\\begin{tabular}{@{}${columns.map(({ spec }) => spec).join("")}@{}}`,
    "\\toprule",
    line(columns.map(({ heading }) => heading)),
    "\\midrule",
    ...rows,
    "\\bottomrule",
    "\\end{tabular}",
    ...notes(table, reasons),
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `${cells.join(" & ")} \\\\`;
}

function caption({ caption: text, conditions = "" }: Table): string[] {
  if (text === "") return [];
  return [CAPTION_MACRO, `\\bytespercaption{${latexText(text)}}{${latexNote(conditions)}}`];
}

function notes(table: Table, reasons: readonly string[]): string[] {
  const lines = [
    ...reasons.map((reason, index) => `${markOf(index)}~${latexText(reason)}`),
    ...notesOf(table).map(latexNote),
    // Without a caption, the conditions stand in the notes.
    ...(table.caption === "" && table.conditions !== undefined ? [latexNote(table.conditions)] : []),
  ];
  if (lines.length === 0) return [];
  return [
    "\\par\\smallskip",
    "\\noindent\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright",
    ...lines.map((text) => `${text}\\par`),
    "\\end{minipage}",
  ];
}

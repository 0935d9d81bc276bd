import { createHash } from "node:crypto";
import { csvTable } from "../../base/table/csv.js";
import { figuresOf } from "../figure/of-result.js";
import { tablesOf } from "../result-tables.js";
import type { Result } from "../../record/schema.js";
import { csvFile } from "./csv-file.js";
import { environmentList } from "./environment.js";
import { escaped, partId, scriptJson, sectionId } from "./escape.js";
import { figureTable } from "./figure-table.js";
import { visibleFigure } from "./visible-figure.js";
import { inOrder } from "../order.js";
import { allDoubts, contents, overview } from "./overview.js";
import type { PageData } from "./page-data.js";
import type { Chapter } from "./section.js";
import { section } from "./section.js";
import { STYLE } from "./style.js";

/**
 * A page of all results that needs no other file: it contains its style, script, numbers and files. Its
 * policy forbids loading anything and running any other script. The same results give the same bytes.
 */
export function htmlPage(given: readonly Result[], script: string, project?: string): string {
  const results = inOrder(given);
  const chapters = chaptersOf(results);
  const title = escaped(titleOf(results, project));
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`;
  return `${[
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${title}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    '<a class="skip" href="#overview">Skip to the results</a>',
    `<header><h1>${title}</h1><label class="theme">Colours <select id="theme"><option value="">as the system</option><option value="light">light</option><option value="dark">dark</option></select></label></header>`,
    contents(chapters),
    "<main>",
    "<p>Buttons download unrounded numbers. A click on a heading sorts the table.</p>",
    overview(chapters),
    ...allDoubts(chapters),
    '<section id="environment" aria-labelledby="environment--title"><h2 id="environment--title">Environment</h2>',
    environmentList(results),
    "</section>",
    ...chapters.map(section),
    "</main>",
    `<script type="application/json" id="data">${scriptJson(dataOf(chapters))}</script>`,
    `<script>${script}</script>`,
    "</body>",
    "</html>",
  ].join("\n")}\n`;
}

/** Names the project and the day of the newest result, since pages of several are open side by side. */
function titleOf(results: readonly Result[], project: string | undefined): string {
  const day = results
    .map(({ finishedAt }) => finishedAt.slice(0, 10))
    .sort()
    .at(-1);
  const of = project === undefined ? "" : ` of ${project}`;
  return `Memory results${of}${day === undefined ? "" : `, ${day}`}`;
}

function hashOf(script: string): string {
  return `sha256-${createHash("sha256").update(script).digest("base64")}`;
}

/**
 * Two names of experiments may give the same id, because an id cannot hold all characters of a name. A number
 * then makes it unique.
 */
function chaptersOf(results: readonly Result[]): Chapter[] {
  const taken = new Set<string>();
  return results.map((result) => {
    const wanted = sectionId(result.experiment);
    let id = wanted;
    for (let next = 2; taken.has(id); next++) id = `${wanted}-${next}`;
    taken.add(id);
    return { id, result, tables: tablesOf(result), figures: figuresOf(result).map(visibleFigure) };
  });
}

function dataOf(chapters: readonly Chapter[]): PageData {
  const data: PageData = { figures: {}, files: {}, results: {} };
  for (const { id, result, tables, figures } of chapters) {
    const { experiment, runId, journalSha256 = "unknown" } = result;
    const origin = { run: runId, "journal SHA-256": journalSha256 };
    const kind = result.complete ? "result" : "partial";
    data.results[id] = { name: `${experiment}-${kind}.json`, result };
    for (const { name, table } of tables)
      data.files[partId(id, "table", name)] = csvFile(`${experiment}-${name}.csv`, csvTable(table, origin));
    for (const figure of figures) {
      const own = partId(id, "figure", figure.name ?? "");
      data.figures[own] = figure;
      data.files[`${own}--data`] = csvFile(
        `${experiment}-${figure.name ?? "figure"}.csv`,
        csvTable(figureTable(figure), origin),
      );
    }
  }
  return data;
}

import type { Figure, Point } from "../figure/figure.js";
import { figureNotes } from "../figure/notes.js";
import { valueText } from "../figure/value-text.js";
import { isLying, valueOf } from "../figure/values.js";
import { escaped, prose } from "./escape.js";
import { figureTable } from "./figure-table.js";
import { htmlTable } from "./table.js";

/**
 * The place of a figure on the page, its text alternative, and its data as a table. The page's script draws
 * into the place.
 */
export function htmlFigure(figure: Figure, id: string, hidden: ReadonlySet<string>): string {
  const notes = figureNotes(figure).filter((note) => !hidden.has(note));
  const table = figureTable(figure);
  const ownNotes = table.notes.filter((note) => !hidden.has(note) && !notes.includes(note));
  return [
    `<figure class="chart" id="${id}">`,
    `<figcaption>${escaped(figure.title)}</figcaption>`,
    `<div class="plot" data-figure="${id}" tabindex="0" role="img" aria-label="${escaped(describe(figure))}" aria-describedby="${id}--readout"><noscript>The figure is drawn by a script; its data are in the table.</noscript></div>`,
    `<p class="readout" id="${id}--readout" aria-live="polite"></p>`,
    ...(notes.length === 0 ? [] : [`<div class="notes">${notes.map((n) => `<p>${prose(n)}</p>`).join("")}</div>`]), // prettier-ignore
    `<details><summary>Data of this figure</summary>`,
    htmlTable({ ...table, notes: ownNotes }, { id: `${id}--data`, hasFile: true }),
    `</details>`,
    `</figure>`,
  ].join("\n");
}

/** Describes a figure in words: its axes, and for each series its first and last value. */
export function describe(figure: Figure): string {
  const lying = isLying(figure);
  const [along, value] = lying ? [figure.y, figure.x] : [figure.x, figure.y];
  const at = (point: Point): string => {
    const place = lying ? (point.y ?? 0) : point.x;
    const name = along.categories?.[place] ?? valueText(along, place);
    const found = valueOf(figure, point);
    const bound = point.censored === true ? "more than " : "";
    return `${found === undefined ? "absent" : bound + valueText(value, found)} at ${name}`;
  };
  const series = figure.series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: no points`;
    const what = `${name === "" ? "values" : name}: ${points.length} ${points.length === 1 ? "point" : "points"}`;
    return points.length === 1 ? `${what}, ${at(first)}` : `${what}, from ${at(first)} to ${at(last)}`;
  });
  const axes = along.label === "" ? value.label : `${value.label} over ${along.label}`;
  return `Chart, ${figure.title}. ${axes}. ${series.join("; ")}. Arrow keys read single points; the table holds all.`;
}

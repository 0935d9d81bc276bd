import { largestOf } from "../../base/stats/extremes.js";
import type { Axis, Figure, Series } from "./figure.js";
import { shortened, textWidth, wrap } from "./font.js";
import type { Look } from "./palette.js";
import { lookOf } from "./palette.js";
import type { Fits, Scale, Tick } from "./scale.js";
import { placeOn, scaleOf } from "./scale.js";
import { values } from "./values.js";

/** Letter sizes, pt. A figure printed at 85 mm is read at this size. */
export const SIZE = { title: 8, text: 7, note: 5.5 } as const;
/** Distance between the base lines of one paragraph, as a share of the letter size. */
export const LEADING = 1.25;

const MM = 72 / 25.4;
const COLUMN_WIDTH = 85 * MM;
const PAGE_WIDTH = 170 * MM;
const EDGE = 4;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A line of text with the position of its left end and of the middle of its height. */
export interface TextLine {
  text: string;
  left: number;
  middle: number;
}

export interface LegendEntry extends TextLine {
  series: Series;
}

/** The positions of all parts of a figure, in pt from its upper left corner. */
export interface Layout {
  width: number;
  height: number;
  plot: Box;
  x: Scale;
  y: Scale;
  title: TextLine[];
  yTitle: TextLine | undefined;
  xTitle: TextLine | undefined;
  legend: LegendEntry[];
  notes: TextLine[];
  looks: ReadonlyMap<Series, Look>;
}

/** Width of the sample beside the name of a series: a line with its marker, or a piece of a bar. */
export function sampleWidth({ kind }: Series): number {
  return kind === "bar" || kind === "area" ? 11 : kind === "points" ? 6 : 17;
}

export const SAMPLE_GAP = 3;
const ENTRY_GAP = 9;

export function layoutOf(figure: Figure, notes: readonly string[]): Layout {
  const width = figure.wide === true ? PAGE_WIDTH : COLUMN_WIDTH;
  const inner = width - 2 * EDGE;
  let down = EDGE;
  const paragraph = (lines: readonly string[], size: number): TextLine[] =>
    lines.map((text) => {
      const line = { text, left: EDGE, middle: down + (size * LEADING) / 2 };
      down += size * LEADING;
      return line;
    });

  const title = paragraph(wrap(figure.title, inner, SIZE.title, "bold"), SIZE.title);
  down += 2;
  const legend = legendOf(figure, inner, down);
  const lastRow = legend.at(-1);
  if (lastRow !== undefined) down = lastRow.middle + SIZE.text * 0.75 + 1;

  const lying = figure.y.categories !== undefined;
  const plotHeight = heightOf(figure, width);
  const y = yScale(figure, plotHeight, inner);
  const yLabelWidth = largestOf([
    0,
    ...y.ticks.flatMap(({ label }) => label.split("\n")).map((each) => textWidth(each, SIZE.text)),
  ]);
  const left = EDGE + yLabelWidth + 5;
  const yTitle = lying || y.title === "" ? [] : paragraph([y.title], SIZE.text);
  down += 6;
  // Half of the last label may lie outside the plot. Which label is last depends on the width, so the scale
  // is computed with a guess first.
  const guess = xScale(figure, width - left - 2 * EDGE);
  const right = EDGE + Math.max(2, overhang(guess, width - left - 2 * EDGE));
  const plot: Box = { left, top: down, width: width - left - right, height: plotHeight };
  const x = xScale(figure, plot.width);
  down += plot.height + 5;
  const rows = largestOf([1, ...x.ticks.map(({ label }) => label.split("\n").length)]);
  down += rows * SIZE.text * LEADING;
  const xTitle: TextLine = {
    text: x.title,
    left: plot.left + plot.width / 2,
    middle: down + SIZE.text * 0.7,
  };
  if (x.title !== "") down += SIZE.text * LEADING + 1;
  down += 2;
  const noteLines = paragraph(
    [...notes, ...(startsLate(figure, y) ? ["The upright axis does not begin at 0."] : [])].flatMap((note) =>
      wrap(note, inner, SIZE.note),
    ),
    SIZE.note,
  );
  return {
    width,
    height: Math.ceil(down + EDGE - 1),
    plot,
    x,
    y,
    title,
    yTitle: yTitle[0],
    xTitle: x.title === "" ? undefined : xTitle,
    legend,
    notes: noteLines,
    looks: looksOf(figure.series),
  };
}

/** Whether a linear axis begins above 0, so that lengths on it do not show proportions. */
function startsLate({ y: { categories } }: Figure, { log, min }: Scale): boolean {
  return categories === undefined && !log && min > 0;
}

/** How far the labels of an axis extend past its end. */
function overhang(scale: Scale, width: number): number {
  return largestOf([
    0,
    ...scale.ticks.map(({ at, label }) => {
      const widest = largestOf(label.split("\n").map((each) => textWidth(each, SIZE.text)));
      return placeOn(scale, at) * width + widest / 2 - width;
    }),
  ]);
}

/**
 * Names of the series in rows that are at most as long as the figure is wide. A single series needs no
 * legend.
 */
function legendOf({ series }: Figure, inner: number, top: number): LegendEntry[] {
  if (series.length < 2) return [];
  let left = 0;
  let middle = top + SIZE.text * 0.7;
  return series.map((each) => {
    const text = each.name;
    const before = sampleWidth(each) + SAMPLE_GAP;
    const length = before + textWidth(text, SIZE.text);
    if (left > 0 && left + length > inner) {
      left = 0;
      middle += SIZE.text * LEADING + 1;
    }
    const entry = { series: each, text, left: EDGE + left + before, middle };
    left += length + ENTRY_GAP;
    return entry;
  });
}

function heightOf({ y, series, wide }: Figure, width: number): number {
  if (y.categories === undefined) return width * (wide === true ? 0.36 : 0.55);
  const groups = new Set(series.map(({ name, stack }) => stack ?? name)).size;
  return y.categories.length * (groups === 1 ? (y.categories.some(isLong) ? 19 : 13) : 5 + 9 * groups);
}

/** Whether a name needs two lines. */
function isLong(name: string): boolean {
  return textWidth(name, SIZE.text) > (COLUMN_WIDTH - 2 * EDGE) * CATEGORY_SHARE;
}

const CATEGORY_SHARE = 0.42;

function yScale(figure: Figure, height: number, inner: number): Scale {
  const { categories } = figure.y;
  if (categories !== undefined)
    // The first name is on top.
    return named(figure.y, (name) => twoLines(name, inner * CATEGORY_SHARE), true);
  const fits: Fits = (ticks) => (height * 0.9) / (ticks.length - 1) >= SIZE.text * 2;
  return scaleOf(
    figure.y,
    values(figure, "y"),
    fits,
    figure.series.some(({ kind }) => kind === "bar" || kind === "area"),
  );
}

/** Splits a name into at most two lines, because bars stand close together. */
function twoLines(name: string, width: number): string {
  const [first = "", ...rest] = wrap(name, width, SIZE.text);
  return rest.length === 0 ? first : `${first}\n${shortened(rest.join(" "), width, SIZE.text)}`;
}

function xScale(figure: Figure, width: number): Scale {
  const { categories } = figure.x;
  if (categories !== undefined)
    return named(figure.x, (name) => wrap(name, width / categories.length - 3, SIZE.text).join("\n"), false);
  const lying = figure.y.categories !== undefined;
  const data = values(figure, "x");
  return scaleOf(figure.x, data, (ticks) => fitsAlong(ticks, width, figure.x), lying);
}

function named(axis: Axis, label: (name: string) => string, downwards: boolean): Scale {
  const names = axis.categories ?? [];
  const ends = { low: -0.5, high: names.length - 0.5 };
  return {
    min: downwards ? ends.high : ends.low,
    max: downwards ? ends.low : ends.high,
    log: false,
    ticks: names.map((name, at) => ({ at, label: label(name) })),
    title: axis.label,
  };
}

function fitsAlong(ticks: readonly Tick[], width: number, axis: Axis): boolean {
  const first = ticks[0];
  const last = ticks.at(-1);
  if (first === undefined || last === undefined || ticks.length < 2) return true;
  const scale: Scale = { min: first.at, max: last.at, log: axis.scale === "log", ticks: [], title: "" };
  return ticks.every((tick, index) => {
    const next = ticks[index + 1];
    if (next === undefined) return true;
    const distance = (placeOn(scale, next.at) - placeOn(scale, tick.at)) * width * 0.85;
    return distance > (textWidth(tick.label, SIZE.text) + textWidth(next.label, SIZE.text)) / 2 + 5;
  });
}

/** One look for each group; a series without a group has its own. */
function looksOf(series: readonly Series[]): Map<Series, Look> {
  const groups = new Map<string, Look>();
  return new Map(
    series.map((each) => {
      const key = each.group ?? each.name;
      const look = groups.get(key) ?? lookOf(groups.size);
      groups.set(key, look);
      return [each, look];
    }),
  );
}

import { largestOf } from "../../base/stats/extremes.js";
import { axisOf, NAMES_SHARE } from "./chart-axes.js";
import { groupsOf } from "./chart-bars.js";
import { layersOf } from "./chart-layers.js";
import { ratioPanel, ratiosOf } from "./chart-ratio.js";
import { rowsOf } from "./chart-rows.js";
import type { Chart } from "./chart-type.js";
import { SIZE } from "./chart-type.js";
import type { Axis, Figure } from "./figure.js";
import { FONT_STACK, textWidth, wrap } from "./text.js";
import { figureNotes } from "./notes.js";
import { INK, looksOf, MUTED, PAPER, RULE } from "./palette.js";
import { domainOf } from "./scale.js";
import { withUnits } from "./value-text.js";
import { isLying } from "./values.js";

/** Distance between the base lines of one paragraph, as a share of the letter size. */
const LEADING = 1.25;
const MM = 72 / 25.4;
const COLUMN_WIDTH = 85 * MM;
const PAGE_WIDTH = 170 * MM;
/** A wider figure is flatter. */
const MIDDLE_WIDTH = (COLUMN_WIDTH + PAGE_WIDTH) / 2;
const EDGE = 4;
export const BARE_PADDING = 2;

export interface ChartLayout {
  /** Of all that is drawn. */
  width: number;
  /** Width of the plot. What its axis takes beside it is known when it was drawn once. */
  plotWidth: number;
  /** From the left edge of all that is drawn to the plot. */
  left: number;
  /** Without title, legend and notes, which a page has as text. */
  bare: boolean;
  /** With linear axes in place of logarithmic ones. */
  linear: boolean;
}

/** Width of a figure on paper, pt. */
export function widthOf({ wide }: Figure): number {
  return wide === true ? PAGE_WIDTH : COLUMN_WIDTH;
}

/** One figure as a description that the library draws in files and on the page, and that a researcher can change. */
export function chartOf(given: Figure, { width, plotWidth, left, bare, linear }: ChartLayout): Chart {
  const figure = withUnits(linear ? withLinearAxes(given) : given);
  const inner = width - 2 * EDGE;
  const height = plotHeight(figure, width);
  const looks = looksOf(figure.series);
  const columns =
    figure.panels === true ? Math.max(1, Math.min(MOST_COLUMNS, Math.floor(plotWidth / PANEL_WIDTH))) : 1;
  const across = plotWidth / columns;
  const [x, y] = [axisOf(figure, "x", across, width), axisOf(figure, "y", height, width)];
  const ratios = ratiosOf(figure);
  const notes = bare ? [] : notesOf(figure).flatMap((note) => wrap(note, inner, SIZE.note));
  const legend = bare || figure.panels === true || figure.series.length < 2 ? null : { title: null, orient: "top", columns: legendColumns(figure, plotWidth) }; // prettier-ignore
  const below =
    ratios.length === 0
      ? []
      : [ratioPanel(figure, ratios, { x, looks, width: plotWidth, height: height * RATIO_SHARE })];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: figure.title,
    padding: bare ? BARE_PADDING : EDGE,
    background: bare ? null : PAPER,
    ...(bare
      ? {}
      : { title: { text: wrap(figure.title, inner, SIZE.title, "bold"), anchor: "start", frame: "bounds" } }),
    // Names of the series that are not shown; the page changes it.
    params: [{ name: "hidden", value: [] }],
    spacing: 8,
    vconcat: [
      panelsOf(figure, columns, {
        width: plotWidth,
        height,
        data: {
          values: figure.series.filter(({ kind }) => kind !== "bar").flatMap((each) => rowsOf(figure, each)),
        },
        transform: [{ filter: "indexof(hidden, datum.series) < 0" }],
        layer: layersOf(figure, {
          x: ratios.length === 0 ? x : untitled(x),
          y: figure.panels === true ? turned(y) : y,
          looks,
          plotWidth,
          height,
          legend,
        }),
      }),
      ...below,
      ...(notes.length === 0 ? [] : [notesPanel(notes, plotWidth, left)]),
    ],
    // The panels name the same series by other signs.
    resolve: {
      scale: { color: "independent", shape: "independent", fill: "independent", strokeDash: "independent" },
    },
    config: CONFIG,
  };
}

/** Columns of small panels. */
const MOST_COLUMNS = 3;
const PANEL_WIDTH = 110;
const PANEL_GAP = 8;

/** One plot, or a small one for each series where many lines would cross. */
function panelsOf({ panels, series }: Figure, columns: number, plot: Chart): Chart {
  if (panels !== true) return plot;
  const { data, transform, layer, width, height } = plot;
  const gaps = (columns - 1) * PANEL_GAP;
  return {
    data,
    transform,
    facet: { field: "series", type: "nominal", sort: series.map(({ name }) => name), title: null, header: { labelAnchor: "start", labelFontSize: SIZE.text, labelColor: INK, labelPadding: 2 } }, // prettier-ignore
    columns,
    spacing: PANEL_GAP,
    spec: { width: (Number(width) - gaps) / columns, height: Number(height) * 0.6, layer },
  };
}

/** The axis of a panel that has another one with the same title below. */
function untitled(axis: Chart): Chart {
  return { ...axis, axis: { ...(axis.axis as Chart), title: null } };
}

/** The title beside its axis: above it stands the name of the panel. */
function turned(axis: Chart): Chart {
  const { title, values, format, labelOverlap } = axis.axis as Chart;
  return { ...axis, axis: { title, values, format, labelOverlap } };
}

/** Height of the panel of ratios, as a share of the plot. */
const RATIO_SHARE = 0.36;

const CONFIG = {
  font: FONT_STACK,
  view: { stroke: null },
  title: {
    color: INK,
    fontWeight: "bold",
    fontSize: SIZE.title,
    lineHeight: SIZE.title * LEADING,
    offset: 5,
  },
  axis: {
    labelColor: INK,
    titleColor: INK,
    tickColor: INK,
    domainColor: INK,
    gridColor: RULE,
    gridWidth: 0.4,
    domainWidth: 0.6,
    tickWidth: 0.6,
    tickSize: 2.5,
    labelFontSize: SIZE.text,
    titleFontSize: SIZE.text,
    titleFontWeight: "normal",
    labelPadding: 2,
    titlePadding: 4,
    labelLimit: 0,
    titleLimit: 0,
  },
  legend: {
    labelColor: INK,
    labelFontSize: SIZE.text,
    labelLimit: 0,
    symbolSize: 34,
    rowPadding: 1,
    columnPadding: 8,
    labelOffset: 3,
    // The title of the upright axis stands between the legend and the plot.
    offset: 17,
  },
  text: { fontSize: SIZE.text - 0.5, color: INK },
} as const;

function withLinearAxes(figure: Figure): Figure {
  const flat = (axis: Axis): Axis => ({ ...axis, scale: "linear" });
  return { ...figure, x: flat(figure.x), y: flat(figure.y) };
}

/** The notes of a figure, and what its axis of values might make a reader believe. */
function notesOf(figure: Figure): string[] {
  const side = isLying(figure) ? "x" : "y";
  const late = figure[side].scale !== "log" && domainOf(figure, side)[0] > 0;
  return [...figureNotes(figure), ...(late ? [LATE_NOTE] : [])];
}

const LATE_NOTE = "The axis of values does not begin at 0.";

function plotHeight(figure: Figure, width: number): number {
  const { y } = figure;
  const groups = groupsOf(figure).length;
  if (y.categories !== undefined) {
    const isLong = y.categories.some((name) => textWidth(name, SIZE.text) > width * NAMES_SHARE);
    return y.categories.length * (groups < 2 ? (isLong ? 20 : 14) : 5 + 9 * groups);
  }
  return width > MIDDLE_WIDTH ? width * 0.32 : width * 0.48;
}

/** As many columns as a legend has room for; each is as wide as its widest entry. */
function legendColumns(figure: Figure, room: number): number {
  const widths = figure.series.map(({ name }) => textWidth(name, SIZE.text) + 20);
  for (let columns = widths.length; columns > 1; columns--) {
    const each = Array.from({ length: columns }, (_, column) =>
      largestOf(widths.filter((_width, index) => index % columns === column)),
    );
    if (each.reduce((sum, width) => sum + width, 0) <= room) return columns;
  }
  return 1;
}

function notesPanel(lines: readonly string[], width: number, left: number): Chart {
  const lineHeight = SIZE.note * LEADING;
  return {
    width,
    height: lines.length * lineHeight,
    data: { values: [{}] },
    mark: { type: "text", text: lines, align: "left", baseline: "top", fontSize: SIZE.note, lineHeight, color: MUTED, x: -left, y: 0 }, // prettier-ignore
  };
}

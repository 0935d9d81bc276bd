import type { Figure, Point, Series } from "../../figure/figure.js";
import type { Look } from "../../figure/palette.js";
import type { Scale } from "../../figure/scale.js";
import { placeOn } from "../../figure/scale.js";
import type { Frame } from "./frame.js";
import { LETTER } from "./frame.js";
import type { Colors } from "./looks.js";
import { looksOf } from "./looks.js";
import { markerPath } from "./marker.js";
import { drawn, shapesOf } from "./shapes.js";

export type Option = Record<string, unknown>;

const FONT = 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/**
 * The ECharts option of a figure. Both axes run from 0 to 1, and values are placed with the scale of the
 * printed figures. So ticks have binary prefixes, and logarithmic axes look the same on screen and paper.
 */
export function optionOf(
  figure: Figure,
  frame: Frame,
  dark: boolean,
  colors: Colors,
  all: readonly Series[],
): Option {
  // Looks are chosen for all series, so that a hidden one keeps its colour.
  const looks = looksOf(all, dark);
  const { left, top, plotWidth, plotHeight, x, y } = frame;
  const shown = figure.series.filter(({ kind }) => kind === "line" || kind === "step" || kind === "points");
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: FONT, fontSize: LETTER, color: colors.ink },
    grid: { left, top, width: plotWidth, height: plotHeight, containLabel: false },
    xAxis: axisOf(x, colors, frame.lying || figure.x.categories === undefined, "x"),
    yAxis: axisOf(y, colors, figure.y.categories === undefined, "y"),
    series: [
      ...shown.map((series) => seriesOf(series, frame, looks.get(series) as Look)),
      {
        type: "custom",
        silent: true,
        z: 1,
        data: [[0, 0]],
        renderItem: () => drawn(shapesOf(figure, frame, looks, colors)),
      },
    ],
  };
}

function axisOf(scale: Scale, colors: Colors, ruled: boolean, side: "x" | "y"): Option {
  const places = scale.ticks.map(({ at }) => placeOn(scale, at));
  const label = (value: number): string =>
    scale.ticks.find((_, index) => Math.abs((places[index] ?? -1) - value) < 1e-9)?.label ?? "";
  return {
    type: "value",
    min: 0,
    max: 1,
    name: scale.title,
    nameLocation: side === "x" ? "middle" : "end",
    nameGap: side === "x" ? 12 + 15 * Math.max(1, ...scale.ticks.map(({ label: each }) => each.split("\n").length)) : 12, // prettier-ignore
    nameTextStyle: {
      color: colors.ink,
      fontSize: LETTER,
      align: side === "x" ? "center" : "left",
      padding: 0,
    },
    axisLine: { show: true, onZero: false, lineStyle: { color: colors.ink } },
    axisTick: { show: ruled, customValues: places, length: 4, lineStyle: { color: colors.ink } },
    axisLabel: {
      customValues: places,
      formatter: label,
      color: colors.ink,
      fontSize: LETTER,
      lineHeight: 15,
      hideOverlap: false,
      showMinLabel: true,
      showMaxLabel: true,
    },
    splitLine: { show: false },
  };
}

/** From this many points on, markers would overlap. */
const MOST_MARKERS = 24;

function seriesOf(series: Series, frame: Frame, look: Look): Option {
  const bare = series.estimated === true || series.fitted === true;
  const places = series.points.map((point) => placeOf(point, frame));
  const data = series.points.map((point, index) => {
    const place = places[index];
    // A bound is not a value, so no line leads to it.
    return place === undefined || (point.censored === true && series.kind !== "points")
      ? [placeOn(frame.x, point.x), "-"]
      : {
          value: place,
          ...(point.censored === true
            ? { itemStyle: { color: "transparent", borderColor: look.color } }
            : {}),
        };
  });
  const symbol = { symbol: `path://${markerPath(look.marker)}`, symbolSize: 3.4 * look.radius };
  const itemStyle = { color: look.color, borderColor: look.color, borderWidth: 1.2 };
  if (series.kind === "points")
    return { type: "scatter", name: series.name, z: 4, silent: true, ...symbol, itemStyle, data };
  const dash = series.estimated === true ? look.estimateDash : series.fitted === true ? [] : look.dash;
  return {
    type: "line",
    name: series.name,
    z: 3,
    silent: true,
    ...(series.kind === "step" ? { step: "end" } : {}),
    showSymbol: !bare && series.points.length <= MOST_MARKERS,
    showAllSymbol: true,
    ...symbol,
    itemStyle,
    lineStyle: {
      color: look.color,
      width: series.fitted === true ? 1.2 : 1.7,
      type: dash.length === 0 ? "solid" : dash.map((length) => length * 1.6),
    },
    data,
  };
}

function placeOf(point: Point, { x, y }: Frame): [number, number] | undefined {
  if (point.y === undefined || (x.log && point.x <= 0) || (y.log && point.y <= 0)) return undefined;
  return [placeOn(x, point.x), placeOn(y, point.y)];
}

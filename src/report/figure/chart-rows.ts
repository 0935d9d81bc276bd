import type { Figure, Point, Series } from "./figure.js";
import { domainOf } from "./scale.js";
import { scaled, valueText } from "./value-text.js";
import { isLying, placeOf, stackedBelow, valueOf } from "./values.js";

/** From this many points on, markers and intervals would overlap. */
const MOST_MARKERS = 24;

/** So many markers tell a long line from its neighbours in grey. */
const FEW_MARKERS = 8;

/** Which points have a marker: all of a short line, some of a long one, which are not those of its neighbours. */
function markedPoints({ series: all, panels }: Figure, series: Series): (index: number) => boolean {
  const { length } = series.points;
  if (length <= MOST_MARKERS) return () => true;
  // A panel of its own tells it already.
  if (panels === true || all.length < 2) return () => false;
  const step = Math.ceil(length / FEW_MARKERS);
  const first = Math.floor((step * all.indexOf(series)) / all.length);
  return (index) => index % step === first;
}

/** One point as the description holds it, in the units of its axes. */
export interface ChartRow {
  series: string;
  kind: Series["kind"];
  place: number | string;
  /** Absent where the row has no value. */
  value?: number;
  /** The value where a line may lead to it: a bound is no value. */
  line: number | null;
  /** Where a bar or an area begins. */
  base?: number;
  low?: number;
  high?: number;
  bound?: boolean;
  /** How the row ended that has no value. */
  killed?: string;
  /** Area of the marker. Later series have smaller ones, so that an earlier one below stays visible. */
  marker?: number;
  /** What is written at the point. */
  label?: string;
  /** What is read at the point. */
  text: string;
}

export function rowsOf(figure: Figure, series: Series): ChartRow[] {
  const [placeAxis, valueAxis] = isLying(figure) ? [figure.y, figure.x] : [figure.x, figure.y];
  const below = stackedBelow(figure, series);
  const { kind, name } = series;
  const formula = series.estimated === true || series.fitted === true;
  const marker = Math.max(9, 26 - 6 * figure.series.indexOf(series));
  const isMarked = markedPoints(figure, series);
  const isUnplaced = (axis: Figure["x"], value: number): boolean => axis.scale === "log" && value <= 0;
  return series.points.flatMap((point, index): ChartRow[] => {
    const at = placeOf(figure, point);
    if (isUnplaced(placeAxis, at)) return [];
    const value = valueOf(figure, point);
    const base = below(point);
    const row = {
      series: name,
      kind,
      place: placeAxis.categories?.[at] ?? scaled(placeAxis, at),
      line: null,
      ...(kind === "points" || (!formula && kind !== "bar" && kind !== "area" && isMarked(index))
        ? { marker }
        : {}),
      text: readingText(figure, series, point),
    };
    if (value === undefined || isUnplaced(valueAxis, value))
      return [{ ...row, ...(point.killed === undefined ? {} : { killed: point.killed }) }];
    const end = scaled(valueAxis, value + base);
    const bound = point.censored === true;
    return [
      {
        ...row,
        value: end,
        line: bound ? null : end,
        ...(kind === "bar" || kind === "area" ? { base: scaled(valueAxis, base) } : {}),
        ...(series.points.length <= MOST_MARKERS ? intervalOf(figure, point, base) : {}),
        ...(bound ? { bound, label: `> ${valueText(valueAxis, value)}` } : {}),
      },
    ];
  });
}

/** The ends of an interval that has a length. Its lower end has a place on an axis of logarithms only above 0. */
function intervalOf(figure: Figure, { low, high }: Point, base: number): { low?: number; high?: number } {
  if (low === undefined || high === undefined || low === high) return {};
  const side = isLying(figure) ? "x" : "y";
  const axis = figure[side];
  const start = axis.scale === "log" && low <= 0 ? domainOf(figure, side)[0] : low;
  return { low: scaled(axis, start + base), high: scaled(axis, high + base) };
}

/** The series, the place, and the value with its range. */
function readingText(figure: Figure, { name }: Series, point: Point): string {
  const [placeAxis, valueAxis] = isLying(figure) ? [figure.y, figure.x] : [figure.x, figure.y];
  const at = placeOf(figure, point);
  const level = placeAxis.categories?.[at] ?? valueText(placeAxis, at);
  // A word explains itself; a number needs the label of its axis.
  const place = /^[-\d]/.test(level) && placeAxis.label !== "" ? `${placeAxis.label} ${level}` : level;
  const title = name === "" ? "" : `${name} · `;
  const value = valueOf(figure, point);
  if (value === undefined) return `${title}${place}: ${point.killed ?? "no value"}`;
  const { low, high } = point;
  const range =
    low === undefined || high === undefined || low === high
      ? ""
      : ` (${valueText(valueAxis, low)} to ${valueText(valueAxis, high)})`;
  const bound = point.censored === true ? "more than " : "";
  return `${title}${place}: ${bound}${valueText(valueAxis, value)}${range}`;
}

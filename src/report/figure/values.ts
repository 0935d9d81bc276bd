import type { Figure, Point, Series } from "./figure.js";

/** Room above a bound for the arrow that means "more", as a factor on linear and on logarithmic axes. */
const BEYOND = { linear: 1.15, log: 1.7 } as const;
/** Room for the label above a line across the plot. */
const ABOVE_MARK = { linear: 1.08, log: 1.25 } as const;
/** Room for the number beside a bar. */
const BESIDE_BAR = { x: 1.2, y: 1.06 } as const;

/** Whether bars are horizontal: their names are on y, and x holds their values. */
export function isLying({ y }: Figure): boolean {
  return y.categories !== undefined;
}

/** The value of a point along the axis of values; undefined if it is absent. */
export function valueOf(figure: Figure, { x, y }: Point): number | undefined {
  if (!isLying(figure)) return y;
  return y === undefined ? undefined : x;
}

/** The place of a point along the other axis: a number, or the index of a name. */
export function placeOf(figure: Figure, { x, y }: Point): number {
  return isLying(figure) ? (y ?? 0) : x;
}

/** All numbers that an axis must show. */
export function values(figure: Figure, side: "x" | "y"): number[] {
  const scale = figure[side].scale === "log" ? "log" : "linear";
  const marks = (figure.marks ?? [])
    .filter((mark) => mark.axis === side)
    .flatMap(({ at }) => [at, at * (side === "y" ? ABOVE_MARK[scale] : 1)]);
  const isValueAxis = side === (isLying(figure) ? "x" : "y");
  const ofPoints = isValueAxis
    ? figure.series.flatMap((series) => seriesValues(figure, series, side, scale))
    : figure.series.flatMap(({ points }) => points.map((point) => placeOf(figure, point)));
  const found = [...ofPoints, ...marks].filter((value) => Number.isFinite(value));
  // There are no values, but the axis needs ends.
  return found.length === 0 ? [scale === "log" ? 1 : 0, scale === "log" ? 10 : 1] : found;
}

function seriesValues(figure: Figure, series: Series, side: "x" | "y", scale: "log" | "linear"): number[] {
  const below = stackedBelow(figure, series);
  return series.points.flatMap((point) => {
    const value = valueOf(figure, point);
    if (value === undefined) return [];
    const base = below(point);
    const room = point.censored === true ? BEYOND[scale] : series.kind === "bar" ? BESIDE_BAR[side] : 1;
    const ends = [point.low, point.high].filter((end) => end !== undefined);
    return [value + base, (value + base) * room, ...ends.map((end) => end + base)];
  });
}

/** The height below a point in its stack: the sum of the earlier series at the same place. */
export function stackedBelow(figure: Figure, series: Series): (point: Point) => number {
  if (series.stack === undefined) return () => 0;
  const sums = new Map<number, number>();
  for (const each of figure.series) {
    if (each === series) break;
    if (each.stack !== series.stack || each.kind !== series.kind) continue;
    for (const point of each.points) {
      const place = placeOf(figure, point);
      sums.set(place, (sums.get(place) ?? 0) + (valueOf(figure, point) ?? 0));
    }
  }
  return (point) => sums.get(placeOf(figure, point)) ?? 0;
}

import type { Figure, Point, Series } from "./figure.js";

/** Room above a bound for the arrow that means "more", as a factor on linear and on logarithmic axes. */
const BEYOND = { linear: 1.1, log: 1.4 } as const;
/** Room for the label above a line across the plot. */
const ABOVE_MARK = 1.08;
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

/** All numbers that an axis must show. */
export function values(figure: Figure, axis: "x" | "y"): number[] {
  const own = axis === "x" ? figure.x : figure.y;
  const marks = (figure.marks ?? [])
    .filter((mark) => mark.axis === axis)
    .flatMap(({ at }) => [at, at * ABOVE_MARK]);
  const isValueAxis = axis === (isLying(figure) ? "x" : "y");
  const ofPoints = isValueAxis
    ? figure.series.flatMap((series) => seriesValues(figure, series, axis))
    : figure.series.flatMap(({ points }) => points.map((point) => point[axis] ?? 0));
  const found = [...ofPoints, ...marks].filter((value) => Number.isFinite(value));
  // There are no values, but the axis needs ends.
  return found.length === 0 ? [own.scale === "log" ? 1 : 0, own.scale === "log" ? 10 : 1] : found;
}

function seriesValues(figure: Figure, series: Series, axis: "x" | "y"): number[] {
  const log = figure[axis].scale === "log";
  const below = stackedBelow(figure, series);
  return series.points.flatMap((point) => {
    const value = valueOf(figure, point);
    if (value === undefined) return [];
    const base = below(point);
    const room =
      point.censored === true ? BEYOND[log ? "log" : "linear"] : series.kind === "bar" ? BESIDE_BAR[axis] : 1;
    return [value + base, (value + base) * room, ...ends(point).map((end) => end + base)];
  });
}

function ends({ low, high }: Point): number[] {
  return [low, high].filter((end) => end !== undefined);
}

/** The height below a point in its stack: the sum of the earlier series at the same place. */
export function stackedBelow(figure: Figure, series: Series): (point: Point) => number {
  if (series.stack === undefined) return () => 0;
  const along = isLying(figure) ? "y" : "x";
  const sums = new Map<number, number>();
  for (const each of figure.series) {
    if (each === series) break;
    if (each.stack !== series.stack || each.kind !== series.kind) continue;
    for (const point of each.points) {
      const place = point[along];
      if (place !== undefined) sums.set(place, (sums.get(place) ?? 0) + (valueOf(figure, point) ?? 0));
    }
  }
  return (point) => sums.get(point[along] ?? Number.NaN) ?? 0;
}

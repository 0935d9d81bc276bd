import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import type { Axis, Figure } from "./figure.js";
import { isLying, values } from "./values.js";

/** Room beyond the outermost values of an axis of logarithms, as a factor. */
const LOG_ROOM = 1.25;
/** A line whose values stay above this share of the largest gets an axis that does not begin at 0. */
const FAR_ABOVE_ZERO = 0.6;

/** The ends of an axis, in base units. The library would choose them from the data, and so cut off bounds and marks. */
export function domainOf(figure: Figure, side: "x" | "y"): [low: number, high: number] {
  const axis = figure[side];
  const all = values(figure, side);
  if (axis.scale === "log") {
    const positive = all.filter((value) => value > 0);
    const found = positive.length === 0 ? [1, 10] : positive;
    return [axis.min ?? smallestOf(found) / LOG_ROOM, axis.max ?? largestOf(found) * LOG_ROOM];
  }
  const [smallest, largest] = [smallestOf(all), largestOf(all)];
  const isOfValues = side === (isLying(figure) ? "x" : "y");
  const grows = isOfValues && figure.series.some(({ kind }) => kind === "bar" || kind === "area");
  const zero = grows || !isOfValues || smallest < FAR_ABOVE_ZERO * largest || smallest === largest;
  const low = axis.min ?? (zero ? Math.min(0, smallest) : smallest - 0.1 * (largest - smallest));
  const high = axis.max ?? (isOfValues ? Math.max(0, largest) * 1.05 : largest);
  return high > low ? [low, high] : [low, low + 1];
}

/** Round numbers between the ends, as many as the length (pt) has room for. */
export function ticksOf(
  [low, high]: readonly [number, number],
  { scale, unit }: Axis,
  most: number,
): number[] {
  if (scale === "log") return logTicks(low, high, most);
  const least = unit === "count" ? 1 : 0;
  const exponent = Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10, 20, 50]
    .map((digit) => digit * 10 ** exponent)
    .find((each) => each >= least && (high - low) / each <= most);
  if (step === undefined) return [low, high];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // 3 * 0.1 is 0.30000000000000004, which a reader of the description would wonder about.
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

function logTicks(low: number, high: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const within = (digits: readonly number[]): number[] =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)
      .flatMap((power) => digits.map((digit) => Number((digit * 10 ** power).toPrecision(12))))
      .filter((at) => at >= low && at <= high);
  const fitting = [[1, 2, 5], [1, 3], [1]].map(within).find(({ length }) => length <= most) ?? within([1]);
  const every = Math.max(1, Math.ceil(fitting.length / most));
  return fitting.filter((_, index) => index % every === 0);
}

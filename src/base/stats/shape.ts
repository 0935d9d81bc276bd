import { largestOf } from "./extremes.js";
import type { Line, Point } from "./theil-sen.js";
import { median } from "./median.js";
import { theilSen } from "./theil-sen.js";

/** How the readings depend on the number of units. */
export const SHAPES = [
  /** Each level is on the line, within the tolerance. */
  "linear",
  /** Levels are above and below the line: capacities grow in jumps, or units have different sizes. */
  "steps",
  "growing",
  "shrinking",
  "unknown",
] as const;

export type Shape = (typeof SHAPES)[number];

export interface ShapeVerdict {
  shape: Shape;
  /** Largest distance between a level's median and the line, as a share of the rise of the line over all levels. */
  largestDeviation: number;
}

/** A level is on the line if it is within this share of the total rise. */
const LINEAR_WITHIN = 0.01;

/**
 * Judges the shape of `points` against their robust `line`. It is linear if the median of each level is within 1 % of
 * the total rise (or within `noise`, in the unit of y). Else it is growing or shrinking if the slopes between
 * neighbouring levels only increase or only decrease, and the last differs from the first by more than a tenth.
 * Otherwise it is steps.
 */
export function judgeShape(points: readonly Point[], line: Line, noise: number): ShapeVerdict {
  const levels = medianPerLevel(points);
  const first = levels[0];
  const last = levels.at(-1);
  if (first === undefined || last === undefined || levels.length < 3) {
    return { shape: "unknown", largestDeviation: 0 };
  }
  const deviations = levels.map(({ x, y }) => y - (line.intercept + line.slope * x));
  const largest = largestOf(deviations.map(Math.abs));
  const rise = Math.abs(line.slope) * (last.x - first.x);
  const largestDeviation = rise === 0 ? 0 : largest / rise;
  if (largest <= Math.max(LINEAR_WITHIN * rise, noise)) return { shape: "linear", largestDeviation };

  const slopes = levels.slice(1).map((level, index) => {
    const before = levels[index] as Point;
    return (level.y - before.y) / (level.x - before.x);
  });
  const trend = theilSen(slopes.map((y, x) => ({ x, y })));
  const rising = slopes.every(
    (slope, index) => index === 0 || slope >= (slopes[index - 1] as number) * 0.999,
  );
  const falling = slopes.every(
    (slope, index) => index === 0 || slope <= (slopes[index - 1] as number) * 1.001,
  );
  const bend = Math.abs((slopes.at(-1) as number) - (slopes[0] as number));
  const bent = bend > 0.1 * Math.abs(line.slope);
  if (bent && rising && (trend?.slope ?? 0) > 0) return { shape: "growing", largestDeviation };
  if (bent && falling && (trend?.slope ?? 0) < 0) return { shape: "shrinking", largestDeviation };
  return { shape: "steps", largestDeviation };
}

function medianPerLevel(points: readonly Point[]): Point[] {
  const levels = new Map<number, number[]>();
  for (const { x, y } of points) levels.set(x, [...(levels.get(x) ?? []), y]);
  return [...levels].map(([x, ys]) => ({ x, y: median(ys) })).sort((a, b) => a.x - b.x);
}

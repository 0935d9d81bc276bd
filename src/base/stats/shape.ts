import type { Line, Point } from "./theil-sen.js";
import { median } from "./median.js";
import { theilSen } from "./theil-sen.js";

/** What the readings look like over the number of units. */
export const SHAPES = [
  /** One line explains every level within the tolerance. */
  "linear",
  /** Levels lie off the line on both sides: capacities that grow in jumps, or units of unequal size. */
  "steps",
  /** Each further unit costs more than the one before. */
  "growing",
  /** Each further unit costs less than the one before. */
  "shrinking",
  /** Fewer than three levels. */
  "unknown",
] as const;

export type Shape = (typeof SHAPES)[number];

export interface ShapeVerdict {
  shape: Shape;
  /** Largest distance of a level's median from the line, as a share of the line's rise over all levels. */
  largestDeviation: number;
}

/** Levels within this share of the total rise count as on the line. */
const LINEAR_WITHIN = 0.01;

/**
 * Judges the shape of `points` around their robust `line`: linear when each level's median lies within 1 % of
 * the total rise (or within `noise`, in the unit of y); else growing or shrinking when the slopes between
 * neighbouring levels only rise or only fall and the last differs from the first by over a tenth; else steps.
 */
export function judgeShape(points: readonly Point[], line: Line, noise: number): ShapeVerdict {
  const levels = medianPerLevel(points);
  const first = levels[0];
  const last = levels.at(-1);
  if (first === undefined || last === undefined || levels.length < 3) {
    return { shape: "unknown", largestDeviation: 0 };
  }
  const deviations = levels.map(({ x, y }) => y - (line.intercept + line.slope * x));
  const largest = Math.max(...deviations.map(Math.abs));
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

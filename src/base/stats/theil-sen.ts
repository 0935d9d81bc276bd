import { median } from "./median.js";

export interface Point {
  x: number;
  y: number;
}

export interface Line {
  slope: number;
  intercept: number;
  /** Pairs of points with different x that the slope is the median of. */
  pairs: number;
}

/**
 * The robust line of Theil and Sen: the median of the slopes of all pairs, and the median of what is left at
 * x = 0. A third of the points may lie anywhere without moving it, where least squares follows each of them.
 * Absent (undefined) when fewer than two different x were given.
 *
 * Source: P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", 1968.
 */
export function theilSen(points: readonly Point[]): Line | undefined {
  const slopes: number[] = [];
  points.forEach((a, index) => {
    for (const b of points.slice(index + 1)) if (a.x !== b.x) slopes.push((b.y - a.y) / (b.x - a.x));
  });
  if (slopes.length === 0) return undefined;
  const slope = median(slopes);
  return { slope, intercept: median(points.map(({ x, y }) => y - slope * x)), pairs: slopes.length };
}

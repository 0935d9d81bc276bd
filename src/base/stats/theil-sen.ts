import { median } from "./median.js";

export interface Point {
  x: number;
  y: number;
}

export interface Line {
  slope: number;
  intercept: number;
  /** Number of pairs of points with different x. `slope` is the median of their slopes. */
  pairs: number;
}

/**
 * The robust line of Theil and Sen: the slope is the median over all pairs of points, and the intercept is the median
 * of y - slope x. Up to 29 % of the points may be arbitrary without moving it far. Undefined with fewer than two
 * different x.
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

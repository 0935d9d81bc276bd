import type { Interval } from "../base/stats/interval.js";
import { rangeConfidence, rangeInterval } from "../base/stats/interval.js";
import type { Shape } from "../base/stats/shape.js";
import { judgeShape } from "../base/stats/shape.js";
import type { Point } from "../base/stats/theil-sen.js";
import { median } from "../base/stats/median.js";
import { theilSen } from "../base/stats/theil-sen.js";

/** A robust line, with its range over the processes in which it was measured. */
export interface Fit {
  perUnitBytes: Interval;
  fixedBytes: Interval;
  shape: Shape;
  largestDeviation: number;
  processes: number;
  points: number;
  /** Probability that the range over the processes covers the true median. */
  confidence: number;
}

/**
 * Fits one line to the points of each process. The value is the median over the processes, the interval is
 * their range. Undefined when no process has two different x.
 *
 * @param noise a level within this many bytes of the line counts as on the line; comes from the null control
 */
export function fitProcesses(processes: readonly (readonly Point[])[], noise: number): Fit | undefined {
  const lines = processes.map((points) => theilSen(points)).filter((line) => line !== undefined);
  if (lines.length === 0) return undefined;
  const all = processes.flat();
  const slope = median(lines.map((line) => line.slope));
  const intercept = median(lines.map((line) => line.intercept));
  const perUnitBytes = rangeInterval(lines.map((line) => line.slope));
  const fixedBytes = rangeInterval(lines.map((line) => line.intercept));
  // Readings near the largest number of all have differences that are infinite.
  if (![perUnitBytes, fixedBytes].every(({ low, high }) => Number.isFinite(low) && Number.isFinite(high)))
    return undefined;
  return {
    perUnitBytes,
    fixedBytes,
    ...judgeShape(all, { slope, intercept, pairs: all.length }, noise),
    processes: lines.length,
    points: all.length,
    confidence: rangeConfidence(lines.length),
  };
}

import { median } from "./median.js";

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/**
 * The median with the range of the values. For n independent values the range covers the true median with
 * probability 1 - 2^(1-n), whatever their distribution: see `rangeConfidence`.
 */
export function rangeInterval(values: readonly number[]): Interval {
  if (values.length === 0) throw new RangeError("an interval needs at least one value");
  return { value: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** The confidence with which the range of n independent values covers their median: 0.9375 for five. */
export function rangeConfidence(n: number): number {
  return n < 1 ? 0 : 1 - 2 ** (1 - n);
}

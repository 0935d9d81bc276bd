import { largestOf, smallestOf } from "./extremes.js";
import { median } from "./median.js";

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/**
 * The median with the range of the values. The range of n independent values covers the true median with probability
 * 1 - 2^(1-n), for any distribution: see `rangeConfidence`.
 */
export function rangeInterval(values: readonly number[]): Interval {
  if (values.length === 0) throw new RangeError("an interval needs at least one value");
  return { value: median(values), low: smallestOf(values), high: largestOf(values) };
}

/** The probability that the range of n independent values covers their true median: 0.9375 for five values. */
export function rangeConfidence(n: number): number {
  return n < 1 ? 0 : 1 - 2 ** (1 - n);
}

import { largestOf } from "./extremes.js";

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean. Values that are all the same have exactly that mean. NaN without values. */
export function mean(values: readonly number[]): number {
  const first = values[0] ?? Number.NaN;
  // Divided by a scale: a sum of large numbers can be infinite.
  const scale = scaleOf(values);
  return first + scale * (sum(values.map((value) => value / scale - first / scale)) / values.length);
}

/** The sample standard deviation, with n - 1 in the divisor. NaN for fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const scale = scaleOf(values);
  const middle = mean(values) / scale;
  return scale * Math.sqrt(sum(values.map((value) => (value / scale - middle) ** 2)) / (values.length - 1));
}

/**
 * The adjusted Fisher-Pearson skewness divided by its standard error for normal values: beyond 1 or so the values lean
 * to one side more than chance explains. 0 for fewer than three values and for values without spread.
 */
export function skewnessInErrors(values: readonly number[]): number {
  const n = values.length;
  if (n < 3) return 0;
  const scale = scaleOf(values);
  const middle = mean(values) / scale;
  const deviations = values.map((value) => value / scale - middle);
  const second = sum(deviations.map((deviation) => deviation ** 2)) / n;
  if (second === 0) return 0;
  const third = sum(deviations.map((deviation) => deviation ** 3)) / n;
  const skewness = ((third / second ** 1.5) * Math.sqrt(n * (n - 1))) / (n - 2);
  return skewness / Math.sqrt((6 * n * (n - 1)) / ((n - 2) * (n + 1) * (n + 3)));
}

/** A power of two near the largest value, which divides without rounding. */
function scaleOf(values: readonly number[]): number {
  const largest = largestOf(values.map(Math.abs));
  return largest > 0 ? 2 ** Math.floor(Math.log2(largest)) : 1;
}

import type { Interval } from "../../base/stats/interval.js";

/** Quantile of the normal distribution for a 95 % interval. */
const Z = 1.959963984540054;

/**
 * The share of `hits` in `trials` with Wilson's 95 % score interval. The interval stays within 0 to 1 and is also
 * valid for 0 hits. Undefined without trials. Trials are taken to be independent. Source: E. B. Wilson, 1927.
 */
export function wilson(hits: number, trials: number): Interval | undefined {
  if (trials === 0) return undefined;
  const value = hits / trials;
  const spread = 1 + (Z * Z) / trials;
  const centre = (value + (Z * Z) / (2 * trials)) / spread;
  const half = (Z / spread) * Math.sqrt((value * (1 - value)) / trials + (Z * Z) / (4 * trials * trials));
  return {
    value,
    low: hits === 0 ? 0 : Math.max(0, centre - half),
    high: hits === trials ? 1 : Math.min(1, centre + half),
  };
}

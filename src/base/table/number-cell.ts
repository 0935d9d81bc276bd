import type { ByteUnit } from "../size.js";
import { bytesIn, doubtOf, fixed } from "../format.js";
import type { Interval } from "../stats/interval.js";
import type { NumberCell } from "./table.js";

/** @param doubt in bytes; it limits the digits that are shown */
export function bytesCell(value: number, doubt = 0, unit: ByteUnit = "B"): NumberCell {
  return { value, shown: bytesIn(value, unit, doubt) };
}

/** A median in bytes with its range. Its width and what can be detected limit the digits that are shown. */
export function intervalCell(interval: Interval, detectable: number, unit: ByteUnit = "B"): NumberCell {
  const doubt = doubtOf(interval, detectable);
  return withRange(interval, (bytes) => bytesIn(bytes, unit, doubt));
}

/** A number that is not in bytes. */
export function numberCell(value: number, decimals = 0): NumberCell {
  return { value, shown: fixed(value, decimals) };
}

/** A median with its range, not in bytes. */
export function plainIntervalCell(interval: Interval, decimals: number): NumberCell {
  return withRange(interval, (value) => fixed(value, decimals));
}

/** What the mean of several runs consists of, in the unit of the table's values. */
export interface MeanOfRuns {
  n: number;
  mean: number;
  /** Undefined where it is not known. */
  deviation: number | undefined;
  interval: { low: number; high: number } | undefined;
  note?: string;
}

/** Digits of a deviation that are shown: of few runs, it is itself uncertain by a third. */
const DEVIATION_DIGITS = 2;
/** A deviation below this share of the mean is the rounding of sums, and its digits would fill the page. */
const LEAST_SHARE = 1e-9;

/**
 * The mean of several runs with the standard deviation of one run. Its two leading digits say how many digits of the
 * mean are shown, so that no deviation is ever shown as 0.
 *
 * @param unit what one of the shown numbers is in the table's values: 1, or the bytes of a MiB
 * @param decimals of a number without a deviation
 */
export function meanCell(
  { n, mean, deviation, interval, note }: MeanOfRuns,
  unit: number,
  decimals: (value: number) => number,
): NumberCell {
  const isTiny = deviation !== undefined && deviation > 0 && deviation < LEAST_SHARE * Math.abs(mean);
  const tiny = isTiny ? "its runs differ by less than a thousand-millionth" : undefined;
  const notes = [note, tiny].filter((text) => text !== undefined);
  const shared = {
    value: mean,
    ...(interval === undefined ? {} : { low: interval.low, high: interval.high }),
    runs: n,
    ...(deviation === undefined ? {} : { deviation }),
    ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
  };
  const scaled = mean / unit;
  if (deviation === undefined || deviation === 0 || isTiny)
    return { ...shared, shown: fixed(scaled, decimals(scaled)) };
  const places = DEVIATION_DIGITS - 1 - Math.floor(Math.log10(deviation / unit));
  const shown = (value: number): string => {
    const step = 10 ** -Math.min(0, places);
    return fixed(Math.round(value / unit / step) * step, 0);
  };
  return places < 0
    ? { ...shared, shown: shown(mean), shownDeviation: shown(deviation) }
    : { ...shared, shown: fixed(scaled, places), shownDeviation: fixed(deviation / unit, places) };
}

/** A share of 1, shown as a percentage. */
export function shareCell(share: number, decimals = 2): NumberCell {
  return { value: share, shown: fixed(100 * share, decimals), suffix: " %" };
}

function withRange({ value, low, high }: Interval, text: (value: number) => string): NumberCell {
  const [from, to] = [text(low), text(high)];
  return { value, low, high, shown: text(value), ...(from === to ? {} : { range: [from, to] as const }) };
}

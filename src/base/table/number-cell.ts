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

/** A share of 1, shown as a percentage. */
export function shareCell(share: number, decimals = 2): NumberCell {
  return { value: share, shown: fixed(100 * share, decimals), suffix: " %" };
}

function withRange({ value, low, high }: Interval, text: (value: number) => string): NumberCell {
  const [from, to] = [text(low), text(high)];
  return { value, low, high, shown: text(value), ...(from === to ? {} : { range: [from, to] as const }) };
}

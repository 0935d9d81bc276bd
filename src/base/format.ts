import type { ByteUnit } from "./size.js";
import { binaryUnitOf, BYTES_IN } from "./size.js";

/** By number of places. Making one takes some 50 us, which a table of 10,000 rows pays for each number. */
const formats = new Map<number, Intl.NumberFormat>();

/** A number with its thousands apart and `decimals` places. */
export function fixed(value: number, decimals: number): string {
  let format = formats.get(decimals);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formats.set(decimals, format);
  }
  // The format would give "-0" for what rounds to nothing.
  return format.format(Number(value.toFixed(decimals)) + 0);
}

/** A count with its noun: "1 row", "1,234 rows". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${fixed(count, 0)} ${count === 1 ? noun : plural}`;
}

/** How far a number is known, in its own unit: half of its interval, or what can be detected at all. */
export function doubtOf({ low, high }: { low: number; high: number }, detectable: number): number {
  return Math.max((high - low) / 2, detectable);
}

/**
 * Places after the point that the doubt of a number allows: down to the first digit of `doubt`, at most one,
 * so that no digit is printed which another run would not print again.
 */
function decimalsFor(doubt: number): number {
  return doubt < 1 ? 1 : 0;
}

/** The place, as a power of ten, that a doubt above 10 makes the last significant one. */
function roundedTo(value: number, doubt: number): number {
  if (doubt < 10) return value;
  const step = 10 ** Math.floor(Math.log10(doubt));
  return Math.round(value / step) * step;
}

/** Bytes in `unit`, with the digits that `doubt` (in bytes: an interval's half-width or what can be detected) allows. */
export function bytesIn(value: number, unit: ByteUnit, doubt = 0): string {
  // A whole number of bytes needs no places to be exact.
  if (unit === "B") return fixed(roundedTo(value, doubt), Number.isInteger(value) ? 0 : decimalsFor(doubt));
  const scaled = value / BYTES_IN[unit];
  const scaledDoubt = doubt / BYTES_IN[unit];
  return fixed(roundedTo(scaled, scaledDoubt), scaledDoubt <= 0.01 ? 2 : decimalsFor(scaledDoubt));
}

/** Bytes with the unit that keeps the number short: B below 10,000, then kB, MB. */
export function bytesWithUnit(value: number, doubt = 0): string {
  const size = Math.abs(value);
  const unit: ByteUnit = size < 1e4 ? "B" : size < 1e7 ? "kB" : "MB";
  return `${bytesIn(value, unit, doubt)} ${unit}`;
}

export function percent(share: number, decimals = 2): string {
  return `${fixed(100 * share, decimals)} %`;
}

export function ratio(value: number): string {
  return fixed(value, 3);
}

/** Bytes with the power of 1024 that keeps the number short. */
export function bytesWithBinaryUnit(value: number): string {
  const unit: ByteUnit = Math.abs(value) < 1e4 ? "B" : binaryUnitOf(value);
  return `${fixed(value / BYTES_IN[unit], unit === "B" ? 0 : 2)} ${unit}`;
}

import type { ByteUnit } from "./size.js";
import { binaryUnitOf, BYTES_IN } from "./size.js";

/**
 * Formatters by number of decimal places. Creating one takes some 50 us, too long to do for each number of a table.
 */
const formats = new Map<number, Intl.NumberFormat>();

const MOST_DECIMALS = 20;

/** A number with commas between thousands and with `decimals` decimal places. */
export function fixed(value: number, decimals: number): string {
  // A formatter knows no more places; a value that needs them is told by its magnitude.
  if (decimals > MOST_DECIMALS) return value === 0 ? "0" : value.toExponential(2);
  let format = formats.get(decimals);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formats.set(decimals, format);
  }
  // The formatter would print "-0" for a small negative number.
  return format.format(Number(value.toFixed(decimals)) + 0);
}

/** A count with its noun: "1 row", "1,234 rows". */
export function counted(count: number, noun: string, several = plural(noun)): string {
  return `${fixed(count, 0)} ${count === 1 ? noun : several}`;
}

/** Several of an English noun, such as a unit that an experiment names: entries, classes, sessions. */
export function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return noun.replace(/y$/, "ies");
  return /(?:s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** How uncertain a number is, in its own unit: half of its interval, or what can be detected if that is more. */
export function doubtOf({ low, high }: { low: number; high: number }, detectable: number): number {
  return Math.max((high - low) / 2, detectable);
}

/** Decimal places that the doubt of a number allows, at most one. Another run would print the same digits. */
function decimalsFor(doubt: number): number {
  return doubt < 1 ? 1 : 0;
}

/** Rounds to the first digit of the doubt: 7,756 with a doubt of 60 becomes 7,760. Doubts below 10 change nothing. */
function roundedTo(value: number, doubt: number): number {
  if (doubt < 10) return value;
  const step = 10 ** Math.floor(Math.log10(doubt));
  return Math.round(value / step) * step;
}

/** Bytes in `unit`, with the digits that `doubt` allows. `doubt` is in bytes. */
export function bytesIn(value: number, unit: ByteUnit, doubt = 0): string {
  // Whole bytes need no decimal places.
  if (unit === "B") return fixed(roundedTo(value, doubt), Number.isInteger(value) ? 0 : decimalsFor(doubt));
  const scaled = value / BYTES_IN[unit];
  const scaledDoubt = doubt / BYTES_IN[unit];
  return fixed(roundedTo(scaled, scaledDoubt), scaledDoubt <= 0.01 ? 2 : decimalsFor(scaledDoubt));
}

/** Bytes with the unit that gives a short number: B below 10,000, then kB, then MB. */
export function bytesWithUnit(value: number, doubt = 0): string {
  const size = Math.abs(value);
  const unit: ByteUnit = size < 1e4 ? "B" : size < 1e7 ? "kB" : "MB";
  return `${bytesIn(value, unit, doubt)} ${unit}`;
}

export function percent(share: number, decimals = 2): string {
  if (!Number.isFinite(share)) return "an unknown share";
  return `${fixed(100 * share, decimals)} %`;
}

export function ratio(value: number): string {
  return fixed(value, 3);
}

export function bytesWithBinaryUnit(value: number): string {
  const unit: ByteUnit = Math.abs(value) < 1e4 ? "B" : binaryUnitOf(value);
  return `${fixed(value / BYTES_IN[unit], unit === "B" ? 0 : 2)} ${unit}`;
}

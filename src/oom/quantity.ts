import type { Range } from "./record.js";

export interface Quantity {
  /** The printed number in bytes, to the nearest byte. */
  bytes: number;
  /** All byte counts that round to the printed number. */
  range: Range;
}

/**
 * Frameworks print powers of 1024 under any name. PyTorch's MPS allocator prints "GB" for GiB up to 2.5,
 * Paddle and the kernel always do, TensorFlow prints "G".
 */
const POWERS: Record<string, number> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 };

/** Reads a number and its unit, such as `2.10GiB`, `1,024 bytes` or `159.69M`; undefined for anything else. */
export function quantity(text: string): Quantity | undefined {
  const [, digits, unit] =
    /^\s*([\d,]+(?:\.\d*)?)\s*((?:[kmgtpe]i?)?b|(?:kilo|mega|giga|tera)?bytes?|[kmgtpe]i?|)\s*$/i.exec(
      text,
    ) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  if (unit === "" && digits.includes(".")) return undefined;
  const plain = digits.replaceAll(",", "");
  const power = /^b(?:ytes?)?$/i.test(unit) || unit === "" ? 0 : POWERS[unit.charAt(0).toLowerCase()];
  if (power === undefined || !/^\d/.test(plain)) return undefined;
  const factor = 1024 ** power;
  const bytes = Math.round(Number(plain) * factor);
  if (power === 0) return { bytes, range: [bytes, bytes] };
  const places = plain.includes(".") ? plain.length - plain.indexOf(".") - 1 : 0;
  // Counts in tenths of the last digit, so that half a digit is a whole number.
  const tenths = Number(plain.replace(".", "")) * 10;
  const scale = 10 ** (places + 1);
  const low = Math.ceil(((tenths - 5) * factor) / scale);
  const high = Math.floor(((tenths + 5) * factor) / scale);
  // If the number has more digits than bytes need, the range may contain no whole number; it must contain
  // `bytes`.
  return { bytes, range: [Math.max(0, Math.min(low, bytes)), Math.max(high, bytes)] };
}

/** A number that is exact although its unit shows no fraction: the kernel counts whole pages in kB. */
export function exact(bytes: number): Quantity {
  return { bytes, range: [bytes, bytes] };
}

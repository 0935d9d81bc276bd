import { BytesperError } from "./errors.js";

/** kB to TB are powers of 1000, KiB to TiB powers of 1024. */
export const BYTES_IN = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

export type ByteUnit = keyof typeof BYTES_IN;

export function isByteUnit(text: string): text is ByteUnit {
  return Object.hasOwn(BYTES_IN, text);
}

/** The largest unit, up to GiB, of which `bytes` has at least one. */
export function binaryUnitOf(bytes: number): ByteUnit {
  return (["GiB", "MiB", "KiB"] as const).find((unit) => Math.abs(bytes) >= BYTES_IN[unit]) ?? "B";
}

/** Parses a size such as `14.74GiB`, `512 MiB` or `4096` to whole bytes; NaN if it is not a size. */
export function sizeOf(text: string): number {
  const [, digits, unit = "B"] = /^\s*(\d+(?:\.\d+)?)\s*([kKMGT]?i?B)?\s*$/.exec(text) ?? [];
  if (digits === undefined || !isByteUnit(unit)) return Number.NaN;
  const bytes = Math.round(Number(digits) * BYTES_IN[unit]);
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN;
}

/** Parses a size of at least 1 byte. Throws `USAGE`. */
export function parseSize(text: string): number {
  const bytes = sizeOf(text);
  if (bytes > 0) return bytes;
  throw new BytesperError(
    "USAGE",
    `"${text}" is not a size; give a number above 0 with B, kB, MB, GB, KiB, MiB or GiB, such as 14.74GiB.`,
  );
}

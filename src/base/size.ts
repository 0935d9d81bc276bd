import { BytesperError } from "./errors.js";

const UNITS: Record<string, number> = {
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

/**
 * Bytes of a size such as `14.74GiB`, `512 MiB` or `4096`, rounded to a whole number. KiB and MiB are powers of
 * 1024, kB and MB of 1000. Throws `USAGE`.
 */
export function parseSize(text: string): number {
  const [, digits, unit = "B"] = /^\s*(\d+(?:\.\d+)?)\s*([kKMGT]?i?B)?\s*$/.exec(text) ?? [];
  const factor = UNITS[unit];
  const bytes =
    digits === undefined || factor === undefined ? Number.NaN : Math.round(Number(digits) * factor);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new BytesperError(
    "USAGE",
    `"${text}" is not a size; give a number above 0 with B, kB, MB, GB, KiB, MiB or GiB, such as 14.74GiB.`,
  );
}

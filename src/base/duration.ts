import { BytesperError } from "./errors.js";

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1e3, min: 60e3, h: 3600e3, d: 24 * 3600e3 };

/**
 * Parses a time such as `20 s`, `500ms`, `5 min` or `2h` to milliseconds. A number alone is in seconds. Throws
 * `USAGE`.
 */
export function parseDuration(text: string): number {
  const [, digits, unit = "s"] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)?\s*$/.exec(text) ?? [];
  const value =
    digits === undefined ? Number.NaN : Math.round(Number(digits) * (MILLISECONDS[unit] ?? Number.NaN));
  // Node's timers accept at most 2^31 - 1 ms.
  if (Number.isSafeInteger(value) && value > 0 && value < 2 ** 31) return value;
  throw new BytesperError(
    "USAGE",
    `"${text}" is not a time; give a number above 0 with ms, s, min or h, below 24 days, such as 20 s.`,
  );
}

/** A time for people: 40 s, 6 min, 3.5 h. */
export function durationText(ms: number): string {
  if (ms < 90_000) return `${Math.max(1, Math.round(ms / 1000))} s`;
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

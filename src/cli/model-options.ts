import { InvalidArgumentError } from "commander";
import { wholeNumber } from "./options.js";

/** A count of tokens such as 12000, 8k or 1m; k and m are powers of 1024, as context lengths are named. */
export function tokenCount(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([kKmM])\s*$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return wholeNumber(1)(text);
  const tokens = Number(digits) * (unit.toLowerCase() === "k" ? 1024 : 1024 ** 2);
  if (Number.isSafeInteger(tokens) && tokens >= 1) return tokens;
  throw new InvalidArgumentError("Expected a whole number from 1, or one with k or m, such as 8k.");
}

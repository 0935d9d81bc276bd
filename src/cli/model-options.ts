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

/** Breaks lines at spaces where they are wider than the terminal; rows of tables are left as they are. */
export function wrapped(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => (line.length <= width || / {2}/.test(line) ? [line] : brokenLine(line, width)))
    .join("\n");
}

function brokenLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

import { BytesperError } from "../base/errors.js";
import type { Layout } from "./layouts.js";
import { columnName } from "./read/header.js";

/** Without these columns a row cannot be analysed. */
const NEEDED = ["step", "action", "mem_size"];

/**
 * Parses the option --layout: the names of all fields of a row, separated by commas. Columns with unknown names are
 * ignored. Throws `USAGE` if a needed name is missing or a name comes twice.
 */
export function parseLayout(text: string, index: number): Layout {
  const columns = text.split(",").map(columnName);
  const missing = NEEDED.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new BytesperError(
      "USAGE",
      `A layout names every field of a row, among them step, action and mem_size; ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing in "${text}".`,
    );
  const twice = columns.find((name, at) => name !== "" && columns.indexOf(name) !== at);
  if (twice !== undefined)
    throw new BytesperError(
      "USAGE",
      `A layout names each field once; ${twice} comes twice in "${text}": give each its own name.`,
    );
  return {
    name: `given ${index + 1}`,
    columns: columns.map((name, at) => (name === "" ? `unnamed_${at + 1}` : name)),
  };
}

/** Parses the option --steps, both ends included: 250:1240, :1240 or 250:. Throws `USAGE` for anything else. */
export function parseSteps(text: string): { from: number; to: number } {
  const match = /^\s*(\d{0,15})\s*:\s*(\d{0,15})\s*$/.exec(text);
  const from = match?.[1] === "" ? 0 : Number(match?.[1]);
  const to = match?.[2] === "" ? Number.MAX_SAFE_INTEGER : Number(match?.[2]);
  if (match === null || (match[1] === "" && match[2] === "") || from > to)
    throw new BytesperError(
      "USAGE",
      `--steps takes the first and the last step, such as 250:1240, the smaller first; "${text}" is not that.`,
    );
  return { from, to };
}

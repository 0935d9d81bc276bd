import { nearestName } from "../../base/nearest-name.js";

export const RESERVED = ["stage", "change", "seed", "absent"];

/** The level of `change` in the cell of a whole stage. */
export const WHOLE = "all";

/** Readings that every command's cell has, even if the command prints nothing. */
export const COMMAND_READINGS = ["peakBytes", "pssBytes", "mainPssBytes", "deviceBytes", "durationMs"];

/** A clause with the name that was probably meant, or with all known names. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return known.length === 0 ? "there are none" : `there are ${known.join(", ")}`;
}

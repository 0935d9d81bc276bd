import { nearestName } from "../../base/nearest-name.js";

/** Names that the columns of a rollout's cells have beside the flags. */
export const RESERVED = ["stage", "change", "seed", "absent"];

/** The level of `change` in the cell of a whole stage. */
export const WHOLE = "all";

/** Readings that every command's cell has without printing them. */
export const COMMAND_READINGS = ["peakBytes", "pssBytes", "mainPssBytes", "deviceBytes", "durationMs"];

/** What was probably meant, or what there is, as a clause. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return known.length === 0 ? "there are none" : `there are ${known.join(", ")}`;
}

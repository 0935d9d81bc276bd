import type { WallName } from "../record/fits.js";

/** The wall in one clause, for a parenthesis or a table. */
export function wallText(wall: WallName): string {
  return `${WALL_NAMES[wall]} is the wall`;
}

export const WALL_NAMES: Record<WallName, string> = {
  heap: "V8's heap limit",
  container: "the container",
  native: "memory outside of V8's heap",
  descriptors: "the limit on open descriptors",
  language: "a limit of the language",
  subject: "the subject itself",
};

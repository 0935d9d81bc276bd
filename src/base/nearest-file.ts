import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { suggestion } from "./nearest-name.js";

const SAYS = "; the nearest is ";

/** The end of a sentence about a file that does not exist: `; the nearest is X`, or "" if its folder has none. */
export function fileSuggestion(path: string): string {
  const folder = dirname(path);
  try {
    const near = suggestion(basename(path), readdirSync(folder));
    if (near === "") return "";
    const name = near.slice(SAYS.length);
    const shown = folder === "." ? name : join(folder, name);
    return `${SAYS}${path.startsWith("./") ? `./${shown}` : shown}`;
  } catch {
    return "";
  }
}

import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nearestName } from "./nearest-name.js";

/** The end of a sentence about a file that does not exist: `; the nearest is X`, or "" if its folder has none. */
export function fileSuggestion(path: string): string {
  const folder = dirname(path);
  try {
    const near = nearestFile(basename(path), readdirSync(folder));
    if (near === undefined) return "";
    const shown = folder === "." ? near : join(folder, near);
    return `; the nearest is ${path.startsWith("./") ? `./${shown}` : shown}`;
  } catch {
    return "";
  }
}

/** An extension that two names share says nothing of what was meant, so stems are compared with stems. */
function nearestFile(given: string, names: readonly string[]): string | undefined {
  const [stem, extension] = parts(given);
  const alike = names.map(parts).filter(([, other]) => other === extension);
  const near = nearestName(
    stem,
    alike.map(([other]) => other),
  );
  return near === undefined ? names.find((name) => parts(name)[0] === stem) : `${near}${extension}`;
}

/** The name up to its first dot that is not its first letter, and the rest. */
function parts(name: string): [string, string] {
  const dot = name.indexOf(".", 1);
  return dot === -1 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
}

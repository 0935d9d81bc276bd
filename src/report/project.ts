import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Name of the project that a folder of results belongs to: of the nearest package.json, else of the folder around it. */
export function projectOf(out: string): string | undefined {
  for (let folder = resolve(out); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (!existsSync(file)) continue;
    try {
      const { name } = JSON.parse(readFileSync(file, "utf8")) as { name?: unknown };
      if (typeof name === "string" && name !== "") return name;
    } catch {
      // Whoever is measured may have a broken file there; the page then has no name.
      return undefined;
    }
  }
  return undefined;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../record/schema.js";
import { parseResult } from "../../record/schema.js";

/** Reads every result of a results folder, complete or partial, in the order of the folder names. */
export function resultsIn(out: string): Result[] {
  if (!existsSync(out)) return [];
  return readdirSync(out)
    .sort()
    .flatMap((name) => {
      const file = ["result.json", "partial.json"].map((each) => join(out, name, each)).find(existsSync);
      return file === undefined ? [] : [parseResult(readFileSync(file, "utf8"), file)];
    });
}

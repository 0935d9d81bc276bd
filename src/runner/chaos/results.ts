import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../record/schema.js";
import { parseResult } from "../../record/schema.js";

/** Every result of a results folder, complete or in part, by name. */
export function resultsIn(out: string): Result[] {
  if (!existsSync(out)) return [];
  return readdirSync(out)
    .sort()
    .flatMap((name) => {
      const file = ["result.json", "partial.json"].map((each) => join(out, name, each)).find(existsSync);
      return file === undefined ? [] : [parseResult(readFileSync(file, "utf8"), file)];
    });
}

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { indexPage } from "../report/index-page.js";
import { resultPage } from "../report/page.js";
import type { Result } from "../report/schema.js";
import { parseResult } from "../report/schema.js";
import { summarise } from "../report/summary.js";
import { writeWhole } from "../report/write.js";

/**
 * Writes `<out>/<experiment>/result.json` and `result.md`, and returns that folder. An incomplete result goes
 * to `partial.json` and `partial.md`, so that it never takes the place of a complete one.
 */
export function writeResult(out: string, result: Result): string {
  const folder = join(out, result.experiment);
  const name = result.complete ? "result" : "partial";
  writeWhole(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeWhole(join(folder, `${name}.md`), resultPage(result));
  if (result.complete) for (const suffix of ["json", "md"]) rmSync(join(folder, `partial.${suffix}`), { force: true });
  return folder;
}

/** Writes the index and the summary of all results in the folder, and removes journals that none of them names. */
export function writeIndex(out: string): void {
  const results = readResults(out);
  writeWhole(join(out, "summary.json"), `${JSON.stringify(summarise(results), null, 2)}\n`);
  writeWhole(join(out, "README.md"), indexPage(results));
  const named = new Set(results.map(({ runId }) => `${runId}.jsonl`));
  const partial = folders(out).some((name) => existsSync(join(out, name, "partial.json")));
  if (partial) return;
  for (const file of readdirSync(join(out, "runs"))) {
    if (file.endsWith(".jsonl") && !named.has(file)) rmSync(join(out, "runs", file));
  }
}

/** All complete results of the folder, by name of the experiment. */
export function readResults(out: string): Result[] {
  return folders(out).flatMap((name) => {
    const file = join(out, name, "result.json");
    return existsSync(file) ? [parseResult(readFileSync(file, "utf8"), file)] : [];
  });
}

function folders(out: string): string[] {
  return readdirSync(out, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

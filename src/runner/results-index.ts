import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../base/errors.js";
import { writePage } from "../report/html/write.js";
import { indexPage } from "../report/index-page.js";
import type { Result } from "../record/schema.js";
import { parseResult } from "../record/schema.js";
import { summarise } from "../report/summary.js";
import { writeWhole } from "../base/write.js";
import { isDone, stateOf } from "./engine/state.js";
import { lastOwner } from "./journal/journal.js";
import { isAlive } from "../system/owner.js";
import { readJournal } from "./journal/read.js";
import { folders } from "./results-folder.js";

/**
 * Writes the index and the summary of all results in the folder, and removes journals that no result names.
 * Returns one sentence for each result that could not be read and is missing from the index.
 */
export function writeIndex(out: string): string[] {
  const { results, problems } = readResults(out);
  writeWhole(join(out, "summary.json"), `${JSON.stringify(summarise(results), null, 2)}\n`);
  writeWhole(join(out, "README.md"), indexPage(results));
  const pageProblems = writePage(out, results);
  const partial = folders(out).some((name) => existsSync(join(out, name, "partial.json")));
  if (!partial && problems.length === 0) removeJournals(join(out, "runs"), results);
  return [...problems, ...pageProblems];
}

/**
 * Removes the journals that no result names. It is called only if every result could be read. A journal with
 * missing cells stays, because its run may be resumed.
 */
function removeJournals(folder: string, results: readonly Result[]): void {
  if (!existsSync(folder)) return;
  const named = new Set(results.map(({ runId }) => `${runId}.jsonl`));
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    if (file.endsWith(".jsonl") && !named.has(file) && isComplete(path)) rmSync(path);
  }
}

function isComplete(path: string): boolean {
  try {
    const { records } = readJournal(path);
    const owner = lastOwner(records);
    // A new runner may not have planned any cell yet.
    if (owner === undefined || isAlive(owner)) return false;
    const units = [...(stateOf(records)?.units.values() ?? [])];
    return units.length > 0 && units.every((unit) => unit.orphan || isDone(unit));
  } catch (error) {
    if (error instanceof BytesperError) return false;
    throw error;
  }
}

/** All complete results of the folder by experiment name, and problems with the others. */
function readResults(out: string): { results: Result[]; problems: string[] } {
  const results: Result[] = [];
  const problems: string[] = [];
  for (const name of folders(out)) {
    const file = join(out, name, "result.json");
    if (!existsSync(file)) continue;
    try {
      results.push(parseResult(readFileSync(file, "utf8"), file));
    } catch (error) {
      if (!(error instanceof BytesperError)) throw error;
      problems.push(error.message);
    }
  }
  return { results, problems };
}

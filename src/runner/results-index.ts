import { existsSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../base/errors.js";
import { writePage } from "../report/html/write.js";
import { indexPage } from "../report/index-page.js";
import type { Result } from "../record/schema.js";
import { parseResult } from "../record/schema.js";
import { summarise } from "../report/summary.js";
import { MOST_RESULT_BYTES, readLimited } from "../base/read-limited.js";
import { sentence } from "../base/sentence.js";
import { writeWhole } from "../base/write.js";
import { folders } from "./results-folder.js";

/**
 * Writes the index and the summary of all results in the folder. Returns one sentence for each result that could not be read and is missing from the index.
 */
export function writeIndex(out: string): string[] {
  const { results, problems } = readResults(out);
  writeWhole(join(out, "summary.json"), `${JSON.stringify(summarise(results), null, 2)}\n`);
  writeWhole(join(out, "README.md"), indexPage(results));
  const pageProblems = writePage(out, results);
  return [...problems, ...pageProblems];
}

/** All complete results of the folder by experiment name, and problems with the others. */
function readResults(out: string): { results: Result[]; problems: string[] } {
  const results: Result[] = [];
  const problems: string[] = [];
  for (const name of folders(out)) {
    const file = join(out, name, "result.json");
    if (!existsSync(file)) continue;
    try {
      results.push(parseResult(readLimited(file, MOST_RESULT_BYTES, "alone"), file));
    } catch (error) {
      problems.push(
        error instanceof BytesperError ? error.message : `${file} cannot be read: ${sentence(error)}.`,
      );
    }
  }
  return { results, problems };
}

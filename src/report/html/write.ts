import { join } from "node:path";
import type { Result } from "../../record/schema.js";
import { writeWhole } from "../../base/write.js";
import { projectOf } from "../project.js";
import { htmlPage } from "./page.js";
import { pageScript } from "./script.js";
import { sentence } from "../../base/sentence.js";

/**
 * Writes `<out>/index.html`, the page of all results. If its script cannot be made, returns a sentence and
 * does not fail: the numbers are more important than the page. Throws `WRITE_FAILED`.
 */
export function writePage(out: string, results: readonly Result[]): string[] {
  let page: string;
  try {
    page = htmlPage(results, pageScript(), projectOf(out));
  } catch (error) {
    return [`The page index.html could not be made: ${sentence(error)}.`];
  }
  writeWhole(join(out, "index.html"), page);
  return [];
}

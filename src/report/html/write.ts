import { join } from "node:path";
import type { Result } from "../../record/schema.js";
import { writeWhole } from "../../base/write.js";
import { htmlPage } from "./page.js";
import { pageScript } from "./script.js";

/**
 * Writes `<out>/index.html`, the page of all results. Returns a sentence where its script cannot be made: the numbers are
 * worth more than the page. Throws `WRITE_FAILED`.
 */
export function writePage(out: string, results: readonly Result[]): string[] {
  let page: string;
  try {
    page = htmlPage(results, pageScript());
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [`The page index.html could not be made: ${why}.`];
  }
  writeWhole(join(out, "index.html"), page);
  return [];
}

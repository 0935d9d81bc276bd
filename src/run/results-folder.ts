import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resultPage } from "../report/page.js";
import type { Result } from "../report/schema.js";
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
  if (result.complete)
    for (const suffix of ["json", "md"]) rmSync(join(folder, `partial.${suffix}`), { force: true });
  return folder;
}

/** Removes what runners with these numbers were writing when they were killed. They must be dead. */
export function removeUnfinishedFiles(out: string, pids: readonly number[]): void {
  const endings = pids.map((pid) => `.${pid}.tmp`);
  for (const folder of ["", ...folders(out)]) {
    for (const file of readdirSync(join(out, folder)))
      if (endings.some((ending) => file.endsWith(ending))) rmSync(join(out, folder, file), { force: true });
  }
}

/** Folders of experiments, in order. */
export function folders(out: string): string[] {
  return readdirSync(out, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

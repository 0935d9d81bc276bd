import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resultPage } from "../report/page.js";
import type { Result } from "../record/schema.js";
import { tableFolders, writeTables } from "../report/write-tables.js";
import { writeWhole } from "../base/write.js";
import type { Drawings } from "./figures.js";
import { figureFolders, writeFigures } from "./figures.js";

/**
 * Writes `<out>/<experiment>/result.json`, `result.md` and the tables, and returns that folder. An incomplete
 * result goes to `partial.json` and `partial.md`, so that it never replaces a complete one. Without
 * `drawings`, existing figures stay.
 */
export function writeResult(out: string, result: Result, drawings?: Drawings): string {
  const folder = join(out, result.experiment);
  const name = result.complete ? "result" : "partial";
  writeWhole(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (drawings !== undefined) writeFigures(folder, result, drawings);
  // Tables are written only with the hash of the journal, so that a number copied from them can be traced
  // back.
  if (result.complete && result.journalSha256 !== undefined) writeTables(folder, result);
  const links = drawings?.files.map(({ link }) => link);
  writeWhole(join(folder, `${name}.md`), resultPage(result, links));
  if (result.complete)
    for (const suffix of ["json", "md"]) rmSync(join(folder, `partial.${suffix}`), { force: true });
  return folder;
}

/** Removes the temporary files that killed runners left. `pids` must belong to dead runners. */
export function removeUnfinishedFiles(out: string, pids: readonly number[]): void {
  const endings = pids.map((pid) => `.${pid}.tmp`);
  const experiments = folders(out);
  const inner = experiments.flatMap((name) =>
    [...figureFolders(join(out, name)), ...tableFolders(join(out, name))].map((own) => join(name, own)),
  );
  for (const folder of ["", ...experiments, ...inner]) {
    for (const file of readdirSync(join(out, folder)))
      if (endings.some((ending) => file.endsWith(ending))) rmSync(join(out, folder, file), { force: true });
  }
}

export function folders(out: string): string[] {
  return readdirSync(out, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

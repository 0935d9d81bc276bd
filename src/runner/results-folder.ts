import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resultPage } from "../report/page.js";
import type { Result } from "../record/schema.js";
import { parseResult } from "../record/schema.js";
import { tableFolders, writeTables } from "../report/write-tables.js";
import { writeWhole } from "../base/write.js";
import type { Drawings } from "./figures.js";
import { figureFolders, writeFigures } from "./figures.js";

/**
 * Writes `<out>/<experiment>/result.json`, `result.md` and the tables, and returns that folder. An incomplete
 * result goes to `partial.json` and `partial.md`, and a result of fewer cells than the one that is there to files
 * of its run's name, so that neither replaces more than it holds. Without `drawings`, existing figures stay.
 *
 * @param replace whether a result of fewer cells may replace a fuller one
 */
export function writeResult(out: string, result: Result, drawings?: Drawings, replace = false): string {
  const folder = join(out, result.experiment);
  const name = replace && result.complete ? "result" : resultName(folder, result);
  const text = `${JSON.stringify(result, null, 2)}\n`;
  // No result leaves that its own reader would refuse.
  parseResult(text, join(folder, `${name}.json`));
  writeWhole(join(folder, `${name}.json`), text);
  if (name === result.runId) {
    writeWhole(join(folder, `${name}.md`), resultPage(result, [], name));
    return folder;
  }
  if (drawings !== undefined) writeFigures(folder, result, drawings);
  // Tables are written only with the hash of the journal, so that a number copied from them can be traced
  // back.
  if (result.complete && result.journalSha256 !== undefined) writeTables(folder, result);
  const links = drawings?.files.map(({ link }) => link);
  writeWhole(join(folder, `${name}.md`), resultPage(result, links, name));
  if (result.complete)
    for (const suffix of ["json", "md"]) rmSync(join(folder, `partial.${suffix}`), { force: true });
  return folder;
}

/** Name of the files of a result, without the ending. */
export function resultName(folder: string, result: Result): string {
  if (!result.complete) return "partial";
  return isOfPart(result) && hasFuller(folder, result) ? result.runId : "result";
}

/** Whether the run was told to leave out cells of the experiment. */
function isOfPart({ settings }: Result): boolean {
  return settings.selection !== undefined || settings.quick === true;
}

/**
 * Whether the folder has the result of another run with rows that this one lacks: of the whole experiment, or of
 * a larger part.
 */
function hasFuller(folder: string, result: Result): boolean {
  const file = join(folder, "result.json");
  let other: Result;
  try {
    other = parseResult(readFileSync(file, "utf8"), file);
  } catch {
    // What cannot be read may be fuller, such as that of a newer version.
    return existsSync(file);
  }
  const own = new Set(pointsOf(result));
  const others = pointsOf(other);
  const isLarger = !isOfPart(other) || others.length > own.size;
  return other.runId !== result.runId && isLarger && others.some((point) => !own.has(point));
}

function pointsOf({ rows, followUps = [] }: Result): string[] {
  return [{ name: "", rows }, ...followUps].flatMap(({ name, rows: own }) =>
    own.map(({ factors }) => JSON.stringify([name, ...Object.entries(factors)])),
  );
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

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resultPage } from "../report/page.js";
import type { Result } from "../record/schema.js";
import { parseResult } from "../record/schema.js";
import { tableFolders, writeTables } from "../report/write-tables.js";
import { MOST_RESULT_BYTES, readLimited } from "../base/read-limited.js";
import { writeWhole } from "../base/write.js";
import type { Drawings } from "./figures.js";
import { figureFolders, writeFigures } from "./figures.js";

/**
 * Writes `<out>/<experiment>/result.json`, `result.md` and the tables, and returns that folder. An incomplete
 * result goes to `partial.json` and `partial.md`, and a result of fewer cells than the one that is there, or of an
 * older run, to files of its run's name, so that none replaces more than it holds. Without `drawings`, existing figures stay.
 *
 * @param replace whether it may replace a result that has more cells or is newer
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
  return keptInstead(folder, result) === undefined ? "result" : result.runId;
}

/** Why the result in the folder is kept in place of this one; undefined if it is not. */
export function keptInstead(folder: string, result: Result): "fuller" | "newer" | undefined {
  const other = resultIn(folder);
  if (other === undefined) return undefined;
  if (other === "unreadable") return isOfPart(result) ? "fuller" : undefined;
  if (other.runId === result.runId) return undefined;
  if (isOfPart(result) && isFuller(other, result)) return "fuller";
  // A result of a journal is as old as its last cell, whenever it is derived.
  return other.finishedAt > result.finishedAt ? "newer" : undefined;
}

/** Whether the run was told to leave out cells of the experiment. */
function isOfPart({ settings }: Result): boolean {
  return settings.selection !== undefined || settings.quick === true;
}

/** The complete result in the folder. One that cannot be read may be fuller, such as that of a newer version. */
function resultIn(folder: string): Result | "unreadable" | undefined {
  const file = join(folder, "result.json");
  try {
    return parseResult(readLimited(file, MOST_RESULT_BYTES, "alone"), file);
  } catch {
    return existsSync(file) ? "unreadable" : undefined;
  }
}

/** Whether the result has rows that the other lacks: of the whole experiment, or of a larger part. */
function isFuller(result: Result, than: Result): boolean {
  const known = new Set(pointsOf(than));
  const points = pointsOf(result);
  return (!isOfPart(result) || points.length > known.size) && points.some((point) => !known.has(point));
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

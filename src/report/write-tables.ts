import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { csvTable } from "../base/table/csv.js";
import { jsonTable } from "../base/table/json.js";
import { latexTable } from "../base/table/latex.js";
import { originLines } from "./origin.js";
import { tablesOf } from "./result-tables.js";
import type { Result } from "../record/schema.js";
import { writeWhole } from "../base/write.js";

const FOLDER = "tables";
const ENDINGS = [".tex", ".csv", ".json"];

/**
 * Writes every table of a result to `FOLDER/tables/` as LaTeX, CSV and JSON, and removes those that the
 * result no longer has. Throws `WRITE_FAILED`.
 */
export function writeTables(folder: string, result: Result): void {
  const tables = join(folder, FOLDER);
  const written = new Set<string>();
  const write = (file: string, text: string): void => {
    writeWhole(join(tables, file), text);
    written.add(file);
  };
  const { experiment, runId, journalSha256 = "unknown" } = result;
  for (const { name, table } of tablesOf(result)) {
    const origin = { experiment, table: name, run: runId, journalSha256 };
    write(
      `${name}.tex`,
      `${latexTable(table, [...originLines(result, name), "Needs \\usepackage{booktabs} and \\usepackage{siunitx}."])}\n`,
    );
    write(`${name}.csv`, csvTable(table, { run: runId, "journal SHA-256": journalSha256 }));
    write(`${name}.json`, jsonTable(table, origin));
  }
  for (const file of readdirSync(tables))
    if (ENDINGS.some((ending) => file.endsWith(ending)) && !file.startsWith(".") && !written.has(file))
      rmSync(join(tables, file), { force: true });
}

/** Folders of tables inside the folder of an experiment. */
export function tableFolders(folder: string): string[] {
  return statSync(join(folder, FOLDER), { throwIfNoEntry: false })?.isDirectory() === true ? [FOLDER] : [];
}

import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { BytesperError } from "../base/errors.js";

/** The folders inside that of an experiment in which old files are removed. */
const INNER = ["tables", "figures", "partial-figures"];

/**
 * Throws `USAGE` unless files may be replaced in the folder: it is missing, empty, or a results folder. Nothing
 * is created. Hidden files do not count, because none of the files that are replaced is hidden, and no file of
 * `runs` is ever replaced.
 */
export function requireResultsFolder(out: string): void {
  if (out === "") throw new BytesperError("USAGE", "--out is empty; give the path of a folder.");
  const folder = resolve(out);
  const first = namesIn(folder).find((name) => !name.startsWith(".") && name !== "runs");
  if (first === undefined || isMarked(folder)) return;
  throw new BytesperError(
    "USAGE",
    `${folder} holds "${first}" and is no results folder, and files there would be replaced; give an empty or a new folder with --out.`,
  );
}

/** Throws `USAGE` unless the folder of each experiment is missing, empty, or holds a result. */
export function requireExperimentFolders(out: string, experiments: readonly string[]): void {
  for (const name of experiments) {
    const folder = join(resolve(out), name);
    const link = [folder, ...INNER.map((inner) => join(folder, inner))].find(isLink);
    if (link !== undefined) {
      // Files are removed in these folders, and a link may lead to any other place.
      throw new BytesperError(
        "USAGE",
        `${link} is a link where a folder of results was expected; remove it, or choose another folder with --out.`,
      );
    }
    const names = namesIn(folder).filter((each) => !each.startsWith("."));
    if (names.length === 0 || names.some((each) => isResultFile(join(folder, each)))) continue;
    throw new BytesperError(
      "USAGE",
      `${folder} holds "${names[0] ?? ""}" and no result, and files there would be replaced; move it, or choose another folder with --out.`,
    );
  }
}

const RUN_LINK = /^runs\/\d{8}T\d{6}Z-[0-9a-f]{6}\.jsonl$/;

/** Whether a run has written to the folder. */
function isMarked(folder: string): boolean {
  return (
    // A run that was killed early leaves the link and an empty journal.
    RUN_LINK.test(linkOf(join(folder, "journal.jsonl"))) ||
    startOf(join(folder, "summary.json")).includes('"bytesper/summary@') ||
    startOf(join(folder, "journal.jsonl")).includes('"bytesper/journal@')
  );
}

function isResultFile(path: string): boolean {
  return path.endsWith(".json") && startOf(path).includes('"bytesper/result@');
}

const START_BYTES = 4096;

/** The beginning of a file as text; empty for what is no file. */
function startOf(path: string): string {
  try {
    if (!statSync(path).isFile()) return "";
    const descriptor = openSync(path, "r");
    try {
      const buffer = Buffer.alloc(START_BYTES);
      return buffer.toString("latin1", 0, readSync(descriptor, buffer, 0, START_BYTES, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** False also below a file where a folder should be: then creating the folder says what is wrong. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Empty where there is no such folder: then nothing can be replaced, and creating it says what is wrong. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

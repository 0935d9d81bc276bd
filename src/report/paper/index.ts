import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { BytesperError } from "../../base/errors.js";
import type { NumberText } from "./numbers-file.js";
import { definitionsOf, isNumbersFile, numbersFile } from "./numbers-file.js";
import type { FilledPaper } from "./paper.js";
import { fillPaper } from "./paper.js";
import type { PaperFile } from "./paper-file.js";
import { readPaper } from "./paper-file.js";
import type { Problem } from "./problem.js";
import { describe } from "./problem.js";
import type { Replacement } from "./replace-files.js";
import { replaceFiles } from "./replace-files.js";
import { Results } from "./results.js";

export { describe, type Problem };

export interface PaperRequest {
  files: readonly string[];
  results: string;
  /** File for the numbers of the macros; the default lies beside the first paper that uses them. */
  numbers?: string;
  check: boolean;
}

export interface PaperOutcome {
  files: {
    file: string;
    changed: boolean;
    tables: number;
    values: number;
    figures: number;
    macros: number;
  }[];
  /** Content that differs from the results. After filling: numbers that cannot be traced. */
  stale: Problem[];
  notices: Problem[];
}

/**
 * Fills papers from a folder of results; with `check` it only compares. Reads and fills all files in memory
 * before it writes one. Throws `BAD_INPUT` with one line for each marker that cannot be filled, and
 * `WRITE_FAILED`.
 */
export function paper({ files, results: folder, numbers, check }: PaperRequest): PaperOutcome {
  const results = new Results(folder);
  const papers = readAll(files).map((file) => fillPaper(file, results));
  const macros = numbersOf(papers, numbers);
  const broken = papers.flatMap((filled) => filled.broken);
  const stale = [...papers.flatMap((filled) => filled.stale), ...(macros?.stale ?? [])];
  const untraceable = papers.flatMap((filled) => filled.untraceable);
  if (broken.length > 0) {
    const rest = check ? [...stale, ...untraceable] : [];
    throw new BytesperError("BAD_INPUT", [...broken, ...rest].map(describe).join("\n"));
  }
  const replacements = papers
    .filter(({ paper: { bytes }, after }) => !after.equals(bytes))
    .map(({ paper: { name, path, bytes }, after }): Replacement => ({ name, path, before: bytes, after }));
  if (macros?.replacement !== undefined) replacements.push(macros.replacement);
  if (!check) replaceFiles(replacements);
  return {
    files: [
      ...papers.map(({ paper: { name }, counts }) => ({
        file: name,
        changed: replacements.some((each) => each.name === name),
        tables: counts.table,
        values: counts.value,
        figures: counts.figure,
        macros: counts.macro,
      })),
      ...(macros === undefined ? [] : [macros.file]),
    ],
    stale: check ? [...stale, ...untraceable] : untraceable,
    notices: papers.flatMap((filled) => filled.notices),
  };
}

/** Reads every paper once, even if it is given several times or through several links. */
function readAll(files: readonly string[]): PaperFile[] {
  const papers = new Map<string, PaperFile>();
  const problems: BytesperError[] = [];
  for (const file of files) {
    try {
      const read = readPaper(file);
      if (!papers.has(read.path)) papers.set(read.path, read);
    } catch (error) {
      if (!(error instanceof BytesperError)) throw error;
      problems.push(error);
    }
  }
  const [first] = problems;
  if (first !== undefined)
    throw new BytesperError(first.code, problems.map(({ message }) => message).join("\n"), { cause: first });
  return [...papers.values()];
}

interface Numbers {
  file: PaperOutcome["files"][number];
  stale: Problem[];
  replacement?: Replacement;
}

/** The file with the numbers of the macros: what is stale in it, and its new content. */
function numbersOf(papers: readonly FilledPaper[], given: string | undefined): Numbers | undefined {
  const users = papers.filter(({ paper: { source } }) => source.macros.length > 0);
  const [first] = users;
  if (first === undefined) return undefined;
  const beside = join(dirname(first.paper.path), "numbers.tex");
  const path = given === undefined ? beside : existsSync(given) ? realpathSync(given) : given;
  const name = given ?? (relative(process.cwd(), beside) || beside);
  const before = existsSync(path) ? readFileSync(path) : undefined;
  if (before !== undefined && !isNumbersFile(before.toString("utf8")))
    throw new BytesperError(
      "BAD_INPUT",
      `${name} is there and was not made by bytesper paper; name another file with --numbers.`,
    );
  const wanted = new Map<string, NumberText>(
    users.flatMap(({ numbers }) => [...numbers].map(([key, { number }]) => [key, number] as const)),
  );
  const after = Buffer.from(numbersFile(wanted));
  const changed = before?.equals(after) !== true;
  const file = { file: name, changed, tables: 0, values: 0, figures: 0, macros: wanted.size };
  if (!changed) return { file, stale: [] };
  return {
    file,
    stale: staleNumbers(users, name, before, wanted),
    replacement: { name, path, before, after },
  };
}

function staleNumbers(
  users: readonly FilledPaper[],
  name: string,
  before: Buffer | undefined,
  wanted: ReadonlyMap<string, NumberText>,
): Problem[] {
  const has = definitionsOf(before?.toString("utf8") ?? "");
  const uses = users.flatMap(({ paper: { name: file }, numbers }) =>
    [...numbers].map(([key, { number, line }]) => ({ file, key, number, line })),
  );
  const problems = uses.flatMap(({ file, line, key, number }): Problem[] => {
    const old = has.get(key);
    const problem = (says: string): Problem[] => [{ file, line, message: `\\bytesper{${key}} ${says}.` }];
    if (old === undefined) return problem(`is not in ${name}; the results say "${number.text}"`);
    const where = `in ${name}:${old.line}`;
    if (old.text !== number.text)
      return problem(`is "${old.text}" ${where}, the results say "${number.text}"`);
    return old.origin === number.origin
      ? []
      : problem(`is from ${old.origin} ${where}, the results are from ${number.origin}`);
  });
  for (const [key, { line }] of has)
    if (!wanted.has(key))
      problems.push({ file: name, line, message: `\\bytesper{${key}} is used by no file.` });
  return problems.length > 0
    ? problems
    : [{ file: name, line: 1, message: "It is not as bytesper paper makes it." }];
}

import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { fileSuggestion } from "../../base/nearest-file.js";
import { MOST_RESULT_BYTES, readLimited } from "../../base/read-limited.js";
import { sentence } from "../../base/sentence.js";
import type { Result } from "../../record/schema.js";
import { parseResult } from "../../record/schema.js";

export type ResultSet = ReadonlyMap<string, Result>;

/** Reads a result.json, or every complete result in a results folder. Throws `BAD_INPUT` and `BAD_RESULT`. */
export function readResults(path: string, option: string): ResultSet {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new BytesperError(
      "BAD_INPUT",
      `${option} ${path} does not exist${fileSuggestion(path)}; give a result.json or a results folder.`,
    );
  if (!stat.isDirectory()) {
    const result = read(path);
    return new Map([[result.experiment, result]]);
  }
  const own = join(path, "result.json");
  const files = existsSync(own)
    ? [own]
    : readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(path, name, "result.json"))
        .filter((file) => existsSync(file))
        .sort();
  if (files.length === 0)
    throw new BytesperError(
      "BAD_INPUT",
      `${option} ${path} holds no result${hasPartial(path) ? " but an incomplete one; finish it with bytesper resume" : "; give the folder that bytesper profile or run wrote"}.`,
    );
  return new Map(
    files.map((file) => {
      const result = read(file);
      return [result.experiment, result];
    }),
  );
}

/**
 * Throws `USAGE` if both paths are the same file or folder, because that comparison would never find a
 * difference.
 */
export function requireTwo(base: string, next: string): void {
  if (!existsSync(base) || !existsSync(next)) return;
  const [from, to] = [base, next].map(canonical);
  if (from === to)
    throw new BytesperError(
      "USAGE",
      `BASE and NEW are both ${base}; give two results, such as those of two commits in two folders.`,
    );
}

function canonical(path: string): string {
  const real = realpathSync(path);
  return real.endsWith("/result.json") ? dirname(real) : real;
}

function hasPartial(path: string): boolean {
  return (
    existsSync(join(path, "partial.json")) ||
    readdirSync(path, { withFileTypes: true }).some(
      (entry) => entry.isDirectory() && existsSync(join(path, entry.name, "partial.json")),
    )
  );
}

function read(file: string): Result {
  let text: string;
  try {
    text = readLimited(file, MOST_RESULT_BYTES);
  } catch (error) {
    throw new BytesperError("BAD_INPUT", `${file} cannot be read: ${sentence(error)}.`, { cause: error });
  }
  return parseResult(text, file);
}

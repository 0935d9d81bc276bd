import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { MOST_RESULT_BYTES, readLimited } from "../../base/read-limited.js";
import { BytesperError } from "../../base/errors.js";
import type { Result } from "../../record/schema.js";
import { parseResult } from "../../record/schema.js";
import { suggestion } from "../../base/nearest-name.js";
import { MarkerError } from "./problem.js";

/** A folder of results, each read once. */
export class Results {
  readonly folder: string;
  readonly #read = new Map<string, Result>();
  readonly #journals = new Map<string, string | undefined>();
  #names: string[] | undefined;

  /** Throws `BAD_INPUT` if the folder does not exist. */
  constructor(folder: string) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new BytesperError(
        "BAD_INPUT",
        `There is no folder ${folder}; give that of the results with --results.`,
      );
    this.folder = folder;
  }

  /** Experiments that have a complete result. */
  names(): string[] {
    this.#names ??= readdirSync(this.folder)
      .filter((name) => existsSync(join(this.folder, name, "result.json")))
      .sort();
    return this.#names;
  }

  /** Throws `MarkerError` if the result is missing, damaged, or of a newer version. */
  of(experiment: string): Result {
    let result = this.#read.get(experiment);
    if (result === undefined) {
      result = this.#parse(experiment);
      this.#read.set(experiment, result);
    }
    return result;
  }

  /** Splits a path into the experiment and the rest. The name of an experiment may contain dots. */
  split(path: string): { experiment: string; rest: string } {
    const known = this.names()
      .filter((name) => path === name || path.startsWith(`${name}.`))
      .sort((a, b) => b.length - a.length)[0];
    const experiment = known ?? path.split(".")[0] ?? "";
    return { experiment, rest: path.slice(experiment.length + 1) };
  }

  /**
   * Why the readings behind a result no longer exist: the journal is missing or has changed. Reads the file
   * in pieces, because a journal may be longer than the longest string.
   */
  untraceable({ journal, journalSha256, runId }: Result): string | undefined {
    if (journal === undefined || journalSha256 === undefined)
      return `its result names no journal of run ${runId}`;
    const path = join(this.folder, journal);
    if (!this.#journals.has(path)) this.#journals.set(path, sha256Of(path));
    const hash = this.#journals.get(path);
    if (hash === undefined) return `its journal ${path} is not there`;
    return hash === journalSha256
      ? undefined
      : `its journal ${path} is another than its result was made from (SHA-256 ${hash.slice(0, 16)}, not ${journalSha256.slice(0, 16)})`;
  }

  #parse(experiment: string): Result {
    const names = this.names();
    if (!names.includes(experiment)) {
      const near =
        suggestion(experiment, names) || (names.length === 0 ? "" : `; there is ${names.join(", ")}`);
      const part = existsSync(join(this.folder, experiment, "partial.json"));
      throw new MarkerError(
        part
          ? `${experiment} has an incomplete result only, which no paper is filled from; run "bytesper resume".`
          : `${this.folder} has no result of ${experiment}${near}.`,
      );
    }
    const path = join(this.folder, experiment, "result.json");
    try {
      return parseResult(readLimited(path, MOST_RESULT_BYTES, "alone"), path);
    } catch (error) {
      if (error instanceof BytesperError) throw new MarkerError(error.message);
      throw new MarkerError(`${path} cannot be read: ${(error as Error).message}.`);
    }
  }
}

function sha256Of(path: string): string | undefined {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(1 << 16);
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece))
      hash.update(piece.subarray(0, count));
    return hash.digest("hex");
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

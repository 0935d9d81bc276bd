import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { writeError } from "../report/write.js";

/** One line of the journal. `experiment` is absent for what belongs to the whole run, such as the calibration. */
export interface JournalRecord {
  type: "run" | "planned" | "finished" | "failed" | "interrupted" | "emitted";
  experiment?: string;
  [key: string]: unknown;
}

/**
 * The append-only file of one run: one JSON object a line, each on disk before the next cell's result is
 * waited for. Every table is derived from it.
 */
export class Journal {
  readonly runId: string;
  readonly path: string;
  readonly #descriptor: number;
  #sequence = 0;

  constructor(folder: string, runId: string) {
    this.runId = runId;
    this.path = join(folder, "runs", `${runId}.jsonl`);
    this.#descriptor = attempt(this.path, () => {
      mkdirSync(dirname(this.path), { recursive: true });
      return openSync(this.path, "ax");
    });
    const link = join(folder, "journal.jsonl");
    attempt(link, () => {
      rmSync(link, { force: true });
      symlinkSync(relative(folder, this.path), link);
    });
  }

  append(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify({ seq: this.#sequence, ...record })}\n`);
    this.#sequence++;
    attempt(this.path, () => {
      for (let offset = 0; offset < line.length;) offset += writeSync(this.#descriptor, line, offset);
      fsyncSync(this.#descriptor);
    });
  }

  /** SHA-256 of what was written so far, in hexadecimal. */
  sha256(): string {
    return createHash("sha256").update(readFileSync(this.path)).digest("hex");
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  get name(): string {
    return `runs/${basename(this.path)}`;
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeError(path, error);
  }
}

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { tryLoadAddon } from "../../system/native/load.js";
import { isAbsent } from "../../system/probe/reading.js";
import { syncFolder, writeError } from "../../base/write.js";
import { encodeLine, JOURNAL_VERSION } from "./line.js";
import type { Owner } from "../../system/owner.js";
import { isAlive, isOwn } from "../../system/owner.js";
import type { ReadJournal, WrittenRecord } from "./read.js";
import { readJournal } from "./read.js";
import type { JournalRecord } from "./records.js";

/**
 * The append-only file of one run: one record a line, with one writer. Everything else is derived from it.
 * A record is on disk when `append` returns, which costs one write and one `fdatasync`.
 */
export class Journal {
  readonly path: string;
  readonly #descriptor: number;
  #sequence: number;
  #broken: BytesperError | undefined;

  private constructor(path: string, descriptor: number, sequence: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#sequence = sequence;
  }

  /** Starts `FOLDER/runs/RUN.jsonl` and points `FOLDER/journal.jsonl` at it. */
  static create(folder: string, runId: string): Journal {
    const path = join(folder, "runs", `${runId}.jsonl`);
    const descriptor = attempt(path, () => {
      makeFolder(dirname(path));
      return openSync(path, "ax");
    });
    lock(descriptor, path, undefined);
    attempt(path, () => {
      syncFolder(dirname(path));
    });
    link(folder, path);
    return new Journal(path, descriptor, 0);
  }

  /**
   * Goes on with a journal. What a cut-off write left at its end is moved to a file beside it, so that the next
   * record is not appended to half of another. Throws `RUN_IN_USE` and `BAD_JOURNAL`.
   *
   * @param before an earlier reading: a long journal is parsed again only where it has grown since
   */
  static open(
    path: string,
    before?: ReadJournal,
  ): { journal: Journal; records: WrittenRecord[]; tornFile: string | undefined } {
    // First to read, for the sentence that a missing file deserves.
    let read = readJournal(path, before);
    const descriptor = attempt(path, () => openSync(path, "a+"));
    try {
      read = readJournal(path, read);
      lock(descriptor, path, lastOwner(read.records));
      // Read again under the lock: another runner may have written until it ended just now.
      const { records, length, torn } = readJournal(path, read);
      let tornFile: string | undefined;
      if (torn.length > 0) {
        tornFile = freeName(`${path}.torn`);
        keepBeside(tornFile, torn);
        attempt(path, () => {
          ftruncateSync(descriptor, length);
          fdatasyncSync(descriptor);
        });
      }
      return { journal: new Journal(path, descriptor, records.length), records, tornFile };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Writes records with one write and one sync. After a failed write nothing is appended any more. */
  append(...entries: readonly JournalRecord[]): WrittenRecord[] {
    if (this.#broken !== undefined) throw this.#broken;
    const at = new Date().toISOString();
    const written = entries.map((entry, index) => ({
      v: JOURNAL_VERSION,
      seq: this.#sequence + index,
      at,
      ...entry,
    }));
    const bytes = Buffer.concat(written.map(encodeLine));
    try {
      this.#write(bytes);
    } catch (error) {
      this.#broken = writeError(this.path, error);
      throw this.#broken;
    }
    this.#sequence += entries.length;
    return written;
  }

  #write(bytes: Buffer): void {
    const before = fstatSync(this.#descriptor).size;
    try {
      for (let offset = 0; offset < bytes.length;) offset += writeSync(this.#descriptor, bytes, offset);
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      // Half a record is taken back, so that the file stays whole; where even that fails, the reader copes.
      try {
        ftruncateSync(this.#descriptor, before);
      } catch {
        // The first error is the one to tell.
      }
      throw error;
    }
  }

  /** SHA-256 of what was written so far, in hexadecimal. */
  sha256(): string {
    return createHash("sha256").update(readFileSync(this.path)).digest("hex");
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Path relative to the results folder. */
  get name(): string {
    return `runs/${basename(this.path)}`;
  }
}

/** The journal that a user means: a file, or the latest one of a results folder. Throws `BAD_JOURNAL`. */
export function journalOf(run: string): { path: string; out: string } {
  const given = resolve(run);
  const path = existsSync(given) && statSync(given).isDirectory() ? join(given, "journal.jsonl") : given;
  if (!existsSync(path)) {
    throw new BytesperError(
      "BAD_JOURNAL",
      `${path} does not exist; give the folder of a run (its --out) or a journal in its runs/.`,
    );
  }
  const real = lstatSync(path).isSymbolicLink() ? resolve(dirname(path), readlinkSync(path)) : path;
  return { path: real, out: dirname(dirname(real)) };
}

/** Last process that wrote a journal. */
export function lastOwner(records: readonly JournalRecord[]): Owner | undefined {
  return records.findLast((record) => record.type === "runner")?.owner;
}

/** The kernel's lock dies with its process. Where files cannot be locked, the last writer's number must do. */
function lock(descriptor: number, path: string, owner: Owner | undefined): void {
  const addon = tryLoadAddon();
  const locked = isAbsent(addon) ? addon : addon.lockFile(descriptor);
  if (locked === true) return;
  if (isAbsent(locked) && (owner === undefined || isOwn(owner) || !isAlive(owner))) return;
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  throw new BytesperError("RUN_IN_USE", `${path} is being written by ${who}; wait for it, or end it first.`);
}

/** Replaces the link as a whole: a reader finds the former journal or the new one. */
function link(folder: string, path: string): void {
  const name = join(folder, "journal.jsonl");
  const temporary = `${name}.${process.pid}.tmp`;
  attempt(name, () => {
    rmSync(temporary, { force: true });
    symlinkSync(`runs/${basename(path)}`, temporary);
    renameSync(temporary, name);
  });
}

/** Makes missing folders one by one: all at once, Node tells of a read-only disk as of a missing folder. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another runner may have been quicker.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** All of it or nothing. */
function keepBeside(path: string, bytes: Buffer): void {
  attempt(path, () => {
    try {
      writeFileSync(path, bytes);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  });
}

function freeName(base: string): string {
  for (let number = 1; ; number++) {
    const name = `${base}.${number}`;
    if (!existsSync(name)) return name;
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeError(path, error);
  }
}

import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { fileSuggestion } from "../../base/nearest-file.js";
import { tryLoadAddon } from "../../system/native/load.js";
import { isAbsent } from "../../system/probe/reading.js";
import { makeFolder, syncFolder, writeError } from "../../base/write.js";
import { encodeLine, JOURNAL_VERSION } from "./line.js";
import type { Owner } from "../../system/owner.js";
import { isAlive, isOwn } from "../../system/owner.js";
import type { ReadJournal, WrittenRecord } from "./read.js";
import { readJournal, sha256Of } from "./read.js";
import type { JournalRecord } from "./records.js";

/**
 * The file of one run, with one record on each line. One process writes it and only appends. Everything else
 * is computed from it. A record is on disk when `append` returns, which costs one write and one `fdatasync`.
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

  /** Creates `FOLDER/runs/RUN.jsonl` and makes `FOLDER/journal.jsonl` a link to it. */
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
   * Opens an existing journal to continue it. An incomplete record at its end is moved to another file, so
   * that the next record starts on its own line. Throws `RUN_IN_USE` and `BAD_JOURNAL`.
   *
   * @param before an earlier reading: a long journal is parsed again only where it has grown since
   */
  static open(
    path: string,
    before?: ReadJournal,
  ): { journal: Journal; records: WrittenRecord[]; tornFile: string | undefined } {
    // Read before opening, because a missing file gives a better error message here.
    let read = readJournal(path, before);
    const descriptor = attempt(path, () =>
      openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW),
    );
    try {
      read = readJournal(path, read);
      lock(descriptor, path, lastOwner(read.records));
      // Read again with the lock held: another runner may have written until just now.
      const { records, count, length, torn } = readJournal(path, read);
      let tornFile: string | undefined;
      if (torn.length > 0) {
        tornFile = freeName(`${path}.torn`);
        keepBeside(tornFile, torn);
        attempt(path, () => {
          ftruncateSync(descriptor, length);
          fdatasyncSync(descriptor);
        });
      }
      return { journal: new Journal(path, descriptor, count), records, tornFile };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Writes records with one write and one sync. After a failed write, nothing is appended. */
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
      // Removes the incomplete record, so that the file stays valid. If that fails too, the reader ignores
      // the record.
      try {
        ftruncateSync(this.#descriptor, before);
      } catch {
        // The first error is reported.
      }
      throw error;
    }
  }

  /** SHA-256 of the file so far, in hexadecimal. */
  sha256(): string {
    return sha256Of(this.path);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Path relative to the results folder. */
  get name(): string {
    return `runs/${basename(this.path)}`;
  }
}

/**
 * Finds the journal that the user named: a file, or the latest one of a results folder. Throws `BAD_JOURNAL`.
 */
export function journalOf(run: string): { path: string; out: string } {
  const given = resolve(run);
  const isFolder = existsSync(given) && statSync(given).isDirectory();
  const path = isFolder ? join(given, "journal.jsonl") : given;
  if (!existsSync(path)) {
    throw new BytesperError(
      "BAD_JOURNAL",
      `${path} does not exist${fileSuggestion(path)}; give the folder of a run (its --out) or a journal in its runs/.`,
    );
  }
  const folder = dirname(path);
  if (!lstatSync(path).isSymbolicLink())
    return { path, out: basename(folder) === "runs" ? dirname(folder) : folder };
  // A link from elsewhere could make a run write to any file of this user.
  const own = join(folder, "runs", basename(realpathSync(path)));
  if (basename(path) === "journal.jsonl" && isOwnFile(own) && sameFile(path, own))
    return { path: own, out: folder };
  throw new BytesperError(
    "BAD_JOURNAL",
    `${path} is a link to ${realpathSync(path)}, which is no journal in the runs/ of its own folder; give that file itself, or the folder it belongs to.`,
  );
}

/** Whether the path is a file in a folder, and neither is a link. */
function isOwnFile(path: string): boolean {
  const [runs, file] = [dirname(path), path].map((each) => lstatSync(each, { throwIfNoEntry: false }));
  return runs?.isDirectory() === true && file?.isFile() === true;
}

function sameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

export function lastOwner(records: readonly JournalRecord[]): Owner | undefined {
  return records.findLast((record) => record.type === "runner")?.owner;
}

/**
 * Locks the journal. The kernel's lock ends with its process. If files cannot be locked, the last owner in
 * the journal is checked instead.
 */
function lock(descriptor: number, path: string, owner: Owner | undefined): void {
  const addon = tryLoadAddon();
  const locked = isAbsent(addon) ? addon : addon.lockFile(descriptor);
  if (locked === true) return;
  if (isAbsent(locked) && (owner === undefined || isOwn(owner) || !isAlive(owner))) return;
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  throw new BytesperError("RUN_IN_USE", `${path} is being written by ${who}; wait for it, or end it first.`);
}

/** Replaces the link in one step: a reader finds either the former journal or the new one. */
function link(folder: string, path: string): void {
  const name = join(folder, "journal.jsonl");
  const temporary = `${name}.${process.pid}.tmp`;
  attempt(name, () => {
    rmSync(temporary, { force: true });
    symlinkSync(`runs/${basename(path)}`, temporary);
    renameSync(temporary, name);
  });
}

/** Writes the whole file, or leaves none. */
function keepBeside(path: string, bytes: Buffer): void {
  attempt(path, () => {
    try {
      writeFileSync(path, bytes, { flag: "wx" });
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

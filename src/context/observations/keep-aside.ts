import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Files that SQLite keeps beside a database file while it works. */
const COMPANIONS = ["-journal", "-wal", "-shm"];

/** Identifies the file at a path at this moment; undefined if there is none. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/**
 * Renames a damaged file to a free name beside it, and returns that name. If the path now leads to another
 * file, another process has already done this: then nothing is moved and undefined is returned.
 */
export function keepAside(path: string, identity: string | undefined): string | undefined {
  let number = 1;
  while (existsSync(`${path}.damaged-${number}`)) number++;
  const aside = `${path}.damaged-${number}`;
  if (identity === undefined || identityOf(path) !== identity) return undefined;
  renameSync(path, aside);
  // SQLite would apply a remaining journal to the new file.
  for (const companion of COMPANIONS) {
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  return aside;
}

/** A name for a file that takes observations while the main file is locked. */
export function newSideFile(path: string): string {
  return `${path}.beside-${randomBytes(4).toString("hex")}`;
}

/** The files that were started while `path` was locked. */
export function sideFilesOf(path: string): string[] {
  const prefix = `${basename(path)}.beside-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
    .map((name) => join(dirname(path), name));
}

export function removeDatabase(path: string): void {
  for (const companion of ["", ...COMPANIONS]) rmSync(path + companion, { force: true });
}

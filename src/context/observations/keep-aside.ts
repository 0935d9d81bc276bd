import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What SQLite keeps beside a database file while it works. */
const COMPANIONS = ["-journal", "-wal", "-shm"];

/** Which file a path names at this moment; undefined where there is none. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/**
 * Moves a damaged file to a free name beside it, which is answered. Where the path names another file by now, another
 * process has done it already: nothing is moved, and undefined is answered.
 */
export function keepAside(path: string, identity: string | undefined): string | undefined {
  let number = 1;
  while (existsSync(`${path}.damaged-${number}`)) number++;
  const aside = `${path}.damaged-${number}`;
  if (identity === undefined || identityOf(path) !== identity) return undefined;
  renameSync(path, aside);
  // A journal that stayed would be played into the new file.
  for (const companion of COMPANIONS) {
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  return aside;
}

/** A name for a file of observations that a locked one does not take. */
export function newSideFile(path: string): string {
  return `${path}.beside-${randomBytes(4).toString("hex")}`;
}

/** The files that were begun while `path` was locked. */
export function sideFilesOf(path: string): string[] {
  const prefix = `${basename(path)}.beside-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)))
    .map((name) => join(dirname(path), name));
}

export function removeDatabase(path: string): void {
  for (const companion of ["", ...COMPANIONS]) rmSync(path + companion, { force: true });
}

import { basename } from "node:path";
import { newSideFile, removeDatabase, sideFilesOf } from "./keep-aside.js";
import { insertRows, selectRows } from "./rows.js";
import { inTransaction, isPrepared, prepareFile } from "./schema.js";
import type { Sqlite } from "./sqlite.js";
import { openSqlite } from "./sqlite.js";

const ALL = { limit: Number.MAX_SAFE_INTEGER };

/**
 * Makes a new file beside a locked one. It stays locked while it is open, so that others see that it is in
 * use.
 */
export function beginSideFile(path: string, busyMs: number): { path: string; database: Sqlite } {
  const side = newSideFile(path);
  const database = openSqlite(side, busyMs);
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  prepareFile(database, side);
  return { path: side, database };
}

/**
 * Releases the lock. Closing alone may not do it: statements that wait for the garbage collector hold the
 * lock.
 */
export function releaseSideFile(database: Sqlite): void {
  database.exec("PRAGMA locking_mode = NORMAL");
  // The mode changes only with the next access.
  isPrepared(database);
}

/** Moves the observations of unused side files into the main file and removes the side files. */
export function takeInSideFiles(main: Sqlite, path: string, notice: (sentence: string) => void): void {
  for (const side of sideFilesOf(path)) {
    let database: Sqlite | undefined;
    try {
      database = openSqlite(side, 0);
      database.exec("BEGIN EXCLUSIVE");
      if (isPrepared(database)) moveObservations(database, side, main, path, notice);
      database.exec("COMMIT");
    } catch {
      // The side file is in use or damaged, so it stays.
    } finally {
      database?.close();
    }
  }
}

/** Copies all observations of a side file and removes it. After an interruption it can be repeated. */
export function moveObservations(
  from: Sqlite,
  side: string,
  to: Sqlite,
  path: string,
  notice: (sentence: string) => void,
): void {
  const observations = selectRows(from, ALL);
  inTransaction(to, () => {
    insertRows(to, observations);
  });
  removeDatabase(side);
  const count = observations.length === 1 ? "1 observation" : `${observations.length} observations`;
  notice(`${count} of ${basename(side)} went into ${path}, which is free again.`);
}

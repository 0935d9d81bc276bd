import { basename } from "node:path";
import { newSideFile, removeDatabase, sideFilesOf } from "./keep-aside.js";
import { insertRows, selectRows } from "./rows.js";
import { inTransaction, isPrepared, prepareFile } from "./schema.js";
import type { Sqlite } from "./sqlite.js";
import { openSqlite } from "./sqlite.js";

const ALL = { limit: Number.MAX_SAFE_INTEGER };

/** A new file beside a locked one, locked itself for as long as it is open: by that others know that it is in use. */
export function beginSideFile(path: string, busyMs: number): { path: string; database: Sqlite } {
  const side = newSideFile(path);
  const database = openSqlite(side, busyMs);
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  prepareFile(database, side);
  return { path: side, database };
}

/** Lets the lock go. Closing alone may not: statements that await the garbage collector hold it. */
export function releaseSideFile(database: Sqlite): void {
  database.exec("PRAGMA locking_mode = NORMAL");
  // The mode changes with the next access.
  isPrepared(database);
}

/** Takes the observations of side files that nobody has open into the file beside them, and removes those. */
export function takeInSideFiles(main: Sqlite, path: string, notice: (sentence: string) => void): void {
  for (const side of sideFilesOf(path)) {
    let database: Sqlite | undefined;
    try {
      database = openSqlite(side, 0);
      database.exec("BEGIN EXCLUSIVE");
      if (isPrepared(database)) moveObservations(database, side, main, path, notice);
      database.exec("COMMIT");
    } catch {
      // In use, or damaged: then it stays where it is.
    } finally {
      database?.close();
    }
  }
}

/** Copies all observations of a side file and removes it. Interrupted anywhere it can be done again. */
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

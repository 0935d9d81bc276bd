import { BytesperError } from "../../base/errors.js";
import type { Sqlite, SqlRow } from "./sqlite.js";

/** "bpob" as SQLite's application id, which marks observation files. */
const APPLICATION_ID = 0x62706f62;
const VERSION = 1;

const TABLES = `
  CREATE TABLE observations (
    id TEXT PRIMARY KEY,
    saved_at TEXT NOT NULL,
    turn INTEGER,
    category TEXT NOT NULL,
    type TEXT NOT NULL,
    importance REAL NOT NULL,
    content TEXT NOT NULL
  ) STRICT;
  CREATE INDEX observations_by_kind ON observations (category, type);
  CREATE TABLE tags (
    observation TEXT NOT NULL REFERENCES observations (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (observation, tag)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_by_name ON tags (tag);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/**
 * Makes the tables of a new file, or checks those of an old one page by page. Throws SQLite's errors, and
 * `BAD_INPUT` for an intact database of another kind or of a newer version.
 */
export function prepareFile(database: Sqlite, path: string): void {
  // A commit returns only when the data and the removal of the journal are on disk.
  database.exec("PRAGMA synchronous = EXTRA");
  database.exec("PRAGMA foreign_keys = ON");
  if (isPrepared(database)) {
    requireSound(database);
    return;
  }
  const mark = numberOf(database, "application_id");
  const version = numberOf(database, "user_version");
  const [{ tables } = { tables: 0 }] = database
    .prepare("SELECT count(*) AS tables FROM sqlite_schema")
    .all([]);
  if (mark === APPLICATION_ID || tables !== 0) {
    const what = mark === APPLICATION_ID ? `an observation file of version ${version}` : "another database";
    throw new BytesperError(
      "BAD_INPUT",
      `${path} is ${what}, and observations of version ${VERSION} were expected; give another path.`,
    );
  }
  inTransaction(database, () => {
    // Another process may have made the tables meanwhile.
    if (!isPrepared(database)) database.exec(TABLES);
  });
}

function requireSound(database: Sqlite): void {
  const [row] = database.prepare("PRAGMA quick_check(1)").all([]);
  const verdict = row === undefined ? "no answer" : String(Object.values(row)[0]);
  if (verdict !== "ok") throw Object.assign(new Error(verdict), { code: "SQLITE_CORRUPT" });
}

function numberOf(database: Sqlite, pragma: string): number {
  const [row] = database.prepare(`PRAGMA ${pragma}`).all([]) as (SqlRow | undefined)[];
  return Number(row === undefined ? 0 : Object.values(row)[0]);
}

/** Whether a file has the tables of this version. */
export function isPrepared(database: Sqlite): boolean {
  return (
    numberOf(database, "application_id") === APPLICATION_ID && numberOf(database, "user_version") === VERSION
  );
}

/** Runs all of the work or none of it, even if the process is killed. */
export function inTransaction<T>(database: Sqlite, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite itself rolls back after some failures.
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

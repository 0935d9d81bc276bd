import { createRequire } from "node:module";
import { packageMissing } from "../../base/optional-package.js";

export type SqlValue = string | number | null;
export type SqlRow = Record<string, SqlValue>;

/** The part of libsql's better-sqlite3 interface that is used here. */
export interface Sqlite {
  exec: (sql: string) => void;
  prepare: (sql: string) => {
    run: (values: readonly SqlValue[]) => unknown;
    all: (values: readonly SqlValue[]) => SqlRow[];
  };
  close: () => void;
  readonly inTransaction: boolean;
}

type SqliteClass = new (path: string, options: { timeout: number }) => Sqlite;

/**
 * Opens a database file, and creates it if necessary. libsql uses SQLite's file locks and rolls an unfinished
 * transaction back, even after `kill -9`. It is loaded only here, when the first file is opened.
 *
 * @param busyMs how long a statement waits for another process's lock, which blocks this thread
 */
export function openSqlite(path: string, busyMs: number): Sqlite {
  return new (sqliteClass())(path, { timeout: busyMs });
}

let loaded: SqliteClass | undefined;

function sqliteClass(): SqliteClass {
  try {
    return (loaded ??= createRequire(import.meta.url)("libsql") as SqliteClass);
  } catch (error) {
    throw packageMissing("Observations", ["libsql"], error);
  }
}

export function troubleOf(error: unknown): "locked" | "damaged" | "moved" | "full" | "other" {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return "other";
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return "locked";
  if (/^SQLITE_(NOTADB|CORRUPT|IOERR_SHORT_READ|IOERR_CORRUPTFS|FORMAT)/.test(code)) return "damaged";
  if (code === "SQLITE_READONLY_DBMOVED") return "moved";
  return code.startsWith("SQLITE_FULL") ? "full" : "other";
}

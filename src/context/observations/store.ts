import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { identityOf, keepAside } from "./keep-aside.js";
import type { NewObservation, Observation, ObservationFilter } from "./observation.js";
import { requireObservation } from "./observation.js";
import { insertRows, selectRows } from "./rows.js";
import { inTransaction, prepareFile } from "./schema.js";
import { beginSideFile, moveObservations, releaseSideFile, takeInSideFiles } from "./side-files.js";
import type { Sqlite } from "./sqlite.js";
import { openSqlite, troubleOf } from "./sqlite.js";

export interface StoreOptions {
  /** How long to wait for another process's lock; this thread is blocked meanwhile. */
  busyMs?: number;
  /** Called with a sentence when a damaged file was renamed, or a side file was started or merged. */
  notice?: (sentence: string) => void;
}

interface OpenFile {
  path: string;
  database: Sqlite;
  /** Identifies the file even if the path later leads to another one. */
  identity: string | undefined;
}

/** If a new file is damaged too, the cause is not the file, so this gives up. */
const MOST_ATTEMPTS = 3;

/**
 * Observations in one SQLite file that several processes may use. When `save` returns, the observation is on
 * disk. A damaged file is renamed, a locked file is left alone; in both cases a new file is started and a
 * notice says so. Observations saved beside a locked file are moved into it as soon as it is free, by this
 * process or a later one.
 */
export class ObservationStore {
  /** Sentences about what happened to files. */
  readonly notices: string[] = [];
  readonly #path: string;
  readonly #busyMs: number;
  readonly #notice: (sentence: string) => void;
  #file: OpenFile;
  #saved = 0;
  #closed = false;

  /** Throws `BAD_INPUT` for a path that cannot be a file of observations, and `NO_PACKAGE` without libsql. */
  constructor(path: string, { busyMs = 2000, notice }: StoreOptions = {}) {
    // libsql ends the process if a name contains a null character.
    if (typeof (path as unknown) !== "string" || path === "" || path.includes("\0"))
      throw new BytesperError(
        "BAD_INPUT",
        `A file of observations needs a path, not ${JSON.stringify(path)}; give one.`,
      );
    this.#path = resolve(path);
    this.#busyMs = busyMs;
    this.#notice = (sentence) => {
      this.notices.push(sentence);
      notice?.(sentence);
    };
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
    } catch (error) {
      throw unusable(this.#path, error);
    }
    this.#file = this.#open();
  }

  get saved(): number {
    return this.#saved;
  }

  get path(): string {
    return this.#file.path;
  }

  /** Throws `USAGE` for an invalid observation, and `NO_SPACE` or `WRITE_FAILED` if it cannot be written. */
  save(observation: NewObservation): Observation {
    requireObservation(observation);
    const { category, type, content, tags = [], importance = 0.5, turn } = observation;
    const saved: Observation = {
      id: randomUUID(),
      savedAt: new Date().toISOString(),
      category: wellFormed(category),
      type: wellFormed(type),
      content: wellFormed(content),
      tags: [...new Set(tags.map(wellFormed))],
      importance,
      ...(turn === undefined ? {} : { turn }),
    };
    this.#attempt((database) => {
      inTransaction(database, () => {
        insertRows(database, [saved]);
      });
    });
    this.#saved++;
    return saved;
  }

  /** Matching observations. The most important come first; of equally important ones, the newest. Throws `USAGE`. */
  query(filter: ObservationFilter = {}): Observation[] {
    return this.#attempt((database) => selectRows(database, filter));
  }

  /** Closes the file. Observations beside a locked file are moved into it now, if possible. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#returnToMainFile();
    if (this.#file.path !== this.#path) releaseSideFile(this.#file.database);
    this.#file.database.close();
  }

  /** Runs the work on the file, or on its replacement. */
  #attempt<T>(work: (database: Sqlite) => T): T {
    if (this.#closed)
      throw new BytesperError("USAGE", `The observations of ${this.#path} were closed; open them again.`);
    this.#returnToMainFile();
    for (let attempt = 1; ; attempt++) {
      try {
        return work(this.#file.database);
      } catch (error) {
        if (error instanceof BytesperError) throw error;
        if (attempt === MOST_ATTEMPTS) throw unwritable(this.#file.path, error);
        this.#replace(error);
      }
    }
  }

  /** Replaces a file that cannot be used. */
  #replace(error: unknown): void {
    const { path, database, identity } = this.#file;
    const trouble = troubleOf(error);
    if (trouble === "full")
      throw new BytesperError("NO_SPACE", `There is no space left for ${path}; free some and save again.`, {
        cause: error,
      });
    if (trouble === "other") throw unwritable(path, error);
    database.close();
    if (trouble === "locked") {
      this.#file = this.#openBeside();
      return;
    }
    if (trouble === "damaged") this.#keepAside(path, identity, error);
    else this.#notice(`${path} was moved or removed by another program; a new file was begun.`);
    this.#file = this.#open();
  }

  /** The file of this store, or a new one in its place. */
  #open(): OpenFile {
    for (let attempt = 1; ; attempt++) {
      const file = this.#openMain();
      try {
        prepareFile(file.database, file.path);
        takeInSideFiles(file.database, this.#path, this.#notice);
        return file;
      } catch (error) {
        file.database.close();
        const trouble = troubleOf(error);
        if (trouble === "locked") return this.#openBeside();
        if (trouble !== "damaged" || attempt === MOST_ATTEMPTS)
          throw error instanceof BytesperError ? error : unwritable(this.#path, error);
        this.#keepAside(file.path, file.identity, error);
      }
    }
  }

  #openMain(busyMs = this.#busyMs): OpenFile {
    try {
      const database = openSqlite(this.#path, busyMs);
      return { path: this.#path, database, identity: identityOf(this.#path) };
    } catch (error) {
      throw error instanceof BytesperError ? error : unusable(this.#path, error);
    }
  }

  #openBeside(): OpenFile {
    const { path, database } = beginSideFile(this.#path, this.#busyMs);
    this.#notice(
      `${this.#path} is locked by another process and was left alone; until it is free, observations go to ${path}, which was begun for that.`,
    );
    return { path, database, identity: identityOf(path) };
  }

  #keepAside(path: string, identity: string | undefined, error: unknown): void {
    const aside = keepAside(path, identity);
    // SQLite's check of a file returns several lines.
    const why = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
    this.#notice(
      aside === undefined
        ? `${path} was damaged, and another process has begun a new file.`
        : `${path} is damaged (${why}); it was kept as ${aside}, and a new file was begun.`,
    );
  }

  /** Goes back to the store's own file when it is free, with what was saved beside it. */
  #returnToMainFile(): void {
    const side = this.#file;
    if (side.path === this.#path) return;
    // Does not wait, because the file is usually still locked.
    const main = this.#openMain(0);
    try {
      prepareFile(main.database, main.path);
      moveObservations(side.database, side.path, main.database, main.path, this.#notice);
    } catch {
      // Still locked or unusable: the observations are safe in the side file.
      main.database.close();
      return;
    }
    main.database.exec(`PRAGMA busy_timeout = ${this.#busyMs}`);
    side.database.close();
    this.#file = main;
  }
}

/** The text as UTF-8 holds it: half of a surrogate pair becomes U+FFFD, as it will be read back. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function unusable(path: string, cause: unknown): BytesperError {
  return new BytesperError(
    "BAD_INPUT",
    `${path} cannot be opened or made as a file of observations; give the path of a file in a folder that can be written.`,
    { cause },
  );
}

function unwritable(path: string, cause: unknown): BytesperError {
  return new BytesperError(
    "WRITE_FAILED",
    `${path} cannot be read or written (${sentence(cause)}); check the disk and its rights.`,
    { cause },
  );
}

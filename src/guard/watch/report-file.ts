import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

const MOST_BYTES = 64 * 1024;
const MOST_NAMES = 256;
/** Linux stamps files with the time of the last timer tick, which is at most 10 ms ago. */
const CLOCK_TICK_MS = 50;

export interface Report {
  /** The last value of each name. */
  numbers: ReadonlyMap<string, number>;
  /** Names whose last value was not a number. */
  wrong: ReadonlySet<string>;
}

/**
 * Reads the numbers that a program reports. The file holds one JSON object that the program replaces, or one JSON
 * line for each report; then the last 64 KiB are read. An incomplete line is read when it is complete.
 */
export class ReportFile {
  readonly #path: string;
  #seen = "";
  readonly #numbers = new Map<string, number>();
  readonly #wrong = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Never throws: a missing or wrong file counts as no report. */
  read(): Report {
    const text = this.#newText();
    if (text !== undefined) for (const line of text.split("\n")) this.#take(line);
    return this.last;
  }

  /** The report as it was read last. */
  get last(): Report {
    return { numbers: this.#numbers, wrong: this.#wrong };
  }

  /** Undefined if the file has not changed. */
  #newText(): string | undefined {
    let descriptor: number | undefined;
    try {
      // If the path is a pipe, a blocking open would hang the guard.
      descriptor = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      const { size, mtimeMs, ino } = fstatSync(descriptor);
      const seen = `${ino} ${size} ${mtimeMs}`;
      if (seen === this.#seen) return undefined;
      // Two changes within one tick of the file system's clock have the same time stamp, so the second could be
      // missed.
      this.#seen = Date.now() - mtimeMs > CLOCK_TICK_MS ? seen : "";
      const buffer = Buffer.alloc(Math.min(size, MOST_BYTES));
      const start = size - buffer.length;
      const length = readSync(descriptor, buffer, 0, buffer.length, start);
      const text = buffer.toString("utf8", 0, length);
      return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
    } catch {
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  #take(line: string): void {
    let object: unknown;
    try {
      object = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof object !== "object" || object === null || Array.isArray(object)) return;
    for (const [name, value] of Object.entries(object)) {
      if (!this.#numbers.has(name) && this.#numbers.size + this.#wrong.size >= MOST_NAMES) return;
      const isNumber = typeof value === "number" && Number.isFinite(value);
      if (isNumber) this.#numbers.set(name, value);
      else this.#numbers.delete(name);
      if (isNumber) this.#wrong.delete(name);
      else this.#wrong.add(name);
    }
  }
}

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

const MOST_BYTES = 64 * 1024;
const MOST_NAMES = 256;
/** Linux stamps files with the time of the last timer tick, 10 ms at most. */
const CLOCK_TICK_MS = 50;

/** What a program says about itself. */
export interface Report {
  /** The last of each name. */
  numbers: ReadonlyMap<string, number>;
  /** Names whose last value was no number. */
  wrong: ReadonlySet<string>;
}

/**
 * Follows the numbers that a program writes: one JSON object that it replaces, or a line of JSON for each report, of
 * which the last 64 KiB are looked at. Half a line waits for its end.
 */
export class ReportFile {
  readonly #path: string;
  #seen = "";
  readonly #numbers = new Map<string, number>();
  readonly #wrong = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Never throws: a file that is not there, or not one, says nothing. */
  read(): Report {
    const text = this.#newText();
    if (text !== undefined) for (const line of text.split("\n")) this.#take(line);
    return this.last;
  }

  /** As it was read last. */
  get last(): Report {
    return { numbers: this.#numbers, wrong: this.#wrong };
  }

  /** Undefined where the file is as it was. */
  #newText(): string | undefined {
    let descriptor: number | undefined;
    try {
      // A pipe in its place must not stop the guard.
      descriptor = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      const { size, mtimeMs, ino } = fstatSync(descriptor);
      const seen = `${ino} ${size} ${mtimeMs}`;
      if (seen === this.#seen) return undefined;
      // A change within the same tick of the file system's clock could look like none.
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

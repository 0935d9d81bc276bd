import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from "node:fs";

/** What the task appends for one cell; the runner keeps no more of it in the journal. */
const MOST_BYTES = 64 * 2 ** 20;
/** A burst of records costs one write and one sync. */
const FLUSH_MS = 200;

/** Appends records to the file that the runner follows. */
export class StreamFile {
  readonly #path: string | undefined;
  #lines: string[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Records that could not be written, or were beyond the limit. */
  lost = 0;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  add(record: unknown): void {
    const line = `${JSON.stringify(record)}\n`;
    if (this.#path === undefined || this.#bytes >= MOST_BYTES) {
      this.lost++;
      return;
    }
    this.#bytes += line.length;
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, FLUSH_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#path === undefined || this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    try {
      const descriptor = openSync(this.#path, "a");
      try {
        const bytes = Buffer.from(lines.join(""));
        for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
        fdatasyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      this.lost += lines.length;
    }
  }

  /** Writes what waits; returns the length of the file, with what the cell itself put there. */
  end(): number {
    this.flush();
    return lengthOf(this.#path);
  }
}

/** Length of a file as its server knows it: it is opened, since a status alone may come from a cache. 0 where it is not. */
export function lengthOf(path: string | undefined): number {
  if (path === undefined) return 0;
  try {
    const descriptor = openSync(path, "r");
    try {
      return fstatSync(descriptor).size;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return 0;
  }
}

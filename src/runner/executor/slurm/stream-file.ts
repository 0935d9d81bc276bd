import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from "node:fs";

/** Most bytes that the task appends for one cell. The journal has the same limit. */
const MOST_BYTES = 64 * 2 ** 20;
/** Time between writes, ms, so that many records need one write and one sync. */
const FLUSH_MS = 200;

/** Appends records to the file that the runner reads. */
export class StreamFile {
  readonly #path: string | undefined;
  #lines: string[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Number of records that could not be written or were beyond the limit. */
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

  /** Writes the waiting records. Returns the length of the file, including what the cell itself wrote. */
  end(): number {
    this.flush();
    return lengthOf(this.#path);
  }
}

/**
 * Length of a file; 0 if it is missing. The file is opened, because a status without opening may come from a
 * cache of the file system.
 */
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

import { closeSync, openSync, readSync, rmSync } from "node:fs";

/** Follows the file that a cell streams its records to. */
export class TurnFile {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Records that were completed since the last call; half a line waits for its end. */
  read(): unknown[] {
    const bytes = this.#rest();
    const length = bytes.lastIndexOf(10) + 1;
    this.#offset += length;
    return bytes
      .subarray(0, length)
      .toString("utf8")
      .split("\n")
      .flatMap((line) => {
        try {
          return line === "" ? [] : [JSON.parse(line) as unknown];
        } catch {
          // Half a line before a whole one: a write that a full disk cut off.
          return [];
        }
      });
  }

  /** What cannot be removed is left: everything that it says was read. */
  remove(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The folder is none, or read-only.
    }
  }

  #rest(): Buffer {
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, "r");
    } catch {
      // The cell has streamed nothing.
      return Buffer.alloc(0);
    }
    try {
      const pieces: Buffer[] = [];
      for (let offset = this.#offset; ;) {
        const piece = Buffer.allocUnsafe(64 * 1024);
        const length = readSync(descriptor, piece, 0, piece.length, offset);
        if (length === 0) return Buffer.concat(pieces);
        pieces.push(piece.subarray(0, length));
        offset += length;
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

import { closeSync, openSync, readSync, rmSync } from "node:fs";

/** Reads the file to which a cell writes its records, while the cell runs. */
export class TurnFile {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Returns the records that were completed since the last call. An incomplete last line is read by a later
   * call.
   */
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
          // An incomplete line with complete ones after it: a full disk cut off one write.
          return [];
        }
      });
  }

  /** Removes the file. A failure is ignored, because its records have been read. */
  remove(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The folder is missing or read-only.
    }
  }

  #rest(): Buffer {
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, "r");
    } catch {
      // The file is missing: the cell has written no record.
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

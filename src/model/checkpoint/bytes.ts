import type { FileHandle } from "node:fs/promises";
import { BytesperError } from "../../base/errors.js";

/** A mistake in the header of a checkpoint, in one sentence. */
export function damaged(path: string, what: string): BytesperError {
  return new BytesperError(
    "BAD_INPUT",
    `${path} is damaged or not complete: ${what}; download it again, or give the config.json.`,
  );
}

const CHUNK = 2 ** 20;

/** Reads a header forwards, a megabyte at a time: the file behind it may have hundreds of gigabytes. */
export class HeaderReader {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #size: number;
  #chunk = Buffer.alloc(0);
  #start = 0;
  #at = 0;

  constructor(file: FileHandle, path: string, size: number) {
    this.#file = file;
    this.#path = path;
    this.#size = size;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#start + this.#at;
  }

  async skip(bytes: number): Promise<void> {
    const target = this.position + bytes;
    if (target > this.#size)
      throw damaged(this.#path, `its header goes on behind its end, at ${target} of ${this.#size} bytes`);
    if (this.#at + bytes <= this.#chunk.length) this.#at += bytes;
    else {
      this.#start = target;
      this.#chunk = Buffer.alloc(0);
      this.#at = 0;
    }
    return Promise.resolve();
  }

  async take(bytes: number): Promise<Buffer> {
    if (this.#at + bytes > this.#chunk.length) await this.#refill(bytes);
    const part = this.#chunk.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    return part;
  }

  async #refill(bytes: number): Promise<void> {
    const from = this.position;
    if (from + bytes > this.#size)
      throw damaged(this.#path, `it ends after ${this.#size} bytes, inside its header`);
    const chunk = Buffer.alloc(Math.min(Math.max(bytes, CHUNK), this.#size - from));
    let length = 0;
    while (length < chunk.length) {
      const { bytesRead } = await this.#file.read(chunk, length, chunk.length - length, from + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length < bytes) throw damaged(this.#path, `it ends after ${from + length} bytes, inside its header`);
    this.#chunk = chunk.subarray(0, length);
    this.#start = from;
    this.#at = 0;
  }
}

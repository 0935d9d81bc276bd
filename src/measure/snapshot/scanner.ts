import { closeSync, openSync, readSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const MINUS = 0x2d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** As many records as a page of edges, so that a batch of edges is a page. */
export const BATCH_RECORDS = 128;

/**
 * Reads a JSON file of any size once, byte by byte through one buffer, and knows the offset of each byte. It
 * can do only what a heap snapshot needs: keys, arrays of integers, arrays of strings, and values to skip or
 * to keep.
 */
export class JsonScanner {
  readonly path: string;
  readonly #descriptor: number;
  readonly #buffer: Buffer;
  #length = 0;
  #position = 0;
  /** Offset in the file of the first byte of the buffer. */
  #base = 0;

  constructor(path: string, bufferBytes = 1 << 20) {
    this.path = path;
    this.#descriptor = openSync(path, "r");
    this.#buffer = Buffer.allocUnsafe(bufferBytes);
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  get offset(): number {
    return this.#base + this.#position;
  }

  /** Goes on from this offset of the file. */
  seek(offset: number): void {
    this.#base = offset;
    this.#position = this.#length = 0;
  }

  fail(expected: string): never {
    throw new BytesperError(
      "BAD_SNAPSHOT",
      `${this.path} is damaged or cut short at byte ${this.offset}: expected ${expected}; take the snapshot again.`,
    );
  }

  /** The byte at the current position, or -1 at the end of the file. */
  #peek(): number {
    if (this.#position === this.#length && !this.#refill()) return -1;
    return this.#buffer[this.#position] as number;
  }

  #refill(): boolean {
    this.#base += this.#length;
    this.#position = 0;
    this.#length = readSync(this.#descriptor, this.#buffer, 0, this.#buffer.length, this.#base);
    return this.#length > 0;
  }

  #skipSpace(): number {
    for (;;) {
      const byte = this.#peek();
      if (byte === -1 || byte > 0x20) return byte;
      this.#position++;
    }
  }

  /** Skips white space and takes `character` if it comes next. Otherwise returns false and takes nothing. */
  tryTake(character: string): boolean {
    if (this.#skipSpace() !== character.charCodeAt(0)) return false;
    this.#position++;
    return true;
  }

  take(character: string): void {
    if (!this.tryTake(character)) this.fail(`"${character}"`);
  }

  string(): string {
    return JSON.parse(
      this.#raw(() => {
        this.skipString();
      }),
    ) as string;
  }

  /** A value as parsed JSON; for small ones. */
  value(): unknown {
    try {
      return JSON.parse(
        this.#raw(() => {
          this.skipValue();
        }),
      );
    } catch (error) {
      if (error instanceof BytesperError) throw error;
      return this.fail("a JSON value");
    }
  }

  #raw(advance: () => void): string {
    this.#skipSpace();
    const start = this.offset;
    advance();
    return this.text(start, this.offset);
  }

  /** Reads the text between two offsets of the file again. */
  text(start: number, end: number): string {
    return this.bytes(start, end).toString("utf8");
  }

  bytes(start: number, end: number): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafe(end - start);
    for (let done = 0; done < bytes.length;) {
      const got = readSync(this.#descriptor, bytes, done, bytes.length - done, start + done);
      if (got === 0) this.fail("more text");
      done += got;
    }
    return bytes;
  }

  /** Skips a string. Returns its offsets, quotes included, and the first byte of its text. */
  stringSpan(): { start: number; end: number; firstByte: number } {
    if (this.#skipSpace() !== QUOTE) this.fail("a string");
    const start = this.offset;
    this.#position++;
    const firstByte = this.#peek();
    this.#restOfString();
    return { start, end: this.offset, firstByte };
  }

  skipString(): void {
    if (this.#skipSpace() !== QUOTE) this.fail("a string");
    this.#position++;
    this.#restOfString();
  }

  #restOfString(): void {
    for (;;) {
      if (this.#position === this.#length && !this.#refill()) this.fail("the end of a string");
      const buffer = this.#buffer;
      const length = this.#length;
      let position = this.#position;
      while (position < length) {
        const byte = buffer[position++] as number;
        if (byte === QUOTE) {
          this.#position = position;
          return;
        }
        if (byte === BACKSLASH) break;
      }
      this.#position = position;
      if (buffer[position - 1] !== BACKSLASH) continue;
      if (this.#peek() === -1) this.fail("the end of a string");
      this.#position++;
    }
  }

  skipValue(): void {
    let depth = 0;
    do {
      const byte = this.#skipSpace();
      if (byte === -1) this.fail("the end of a value");
      if (byte === QUOTE) {
        this.skipString();
        continue;
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
      if (depth === 0 && byte !== CLOSE_BRACE && byte !== CLOSE_BRACKET) {
        this.#skipScalar();
        return;
      }
      this.#position++;
    } while (depth > 0);
  }

  #skipScalar(): void {
    for (;;) {
      const byte = this.#peek();
      if (byte === -1 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20)
        return;
      this.#position++;
    }
  }

  /** Calls `each` with every integer of an array and returns how many there were. */
  integers(each: (value: number, index: number) => void): number {
    let index = 0;
    return this.batches(1, (values, count) => {
      for (let place = 0; place < count; place++) each(values[place] as number, index++);
    });
  }

  /**
   * Calls `use` with the integers of an array, many records of `width` at once, and returns how many integers there
   * were. `use` gets one buffer again and again, and the offset of the byte after its last integer; only the last
   * record of the last call may be cut short.
   */
  batches(width: number, use: (values: Float64Array, count: number, offset: number) => void): number {
    this.take("[");
    const values = new Float64Array(width * BATCH_RECORDS);
    let [index, filled] = [0, 0];
    let value = 0;
    let digits = 0;
    let negative = false;
    for (;;) {
      if (this.#position === this.#length && !this.#refill()) this.fail("more numbers");
      const buffer = this.#buffer;
      const length = this.#length;
      let position = this.#position;
      // The hot loop: it keeps all state in local variables.
      while (position < length) {
        const byte = buffer[position++] as number;
        if (byte >= 0x30 && byte <= 0x39) {
          value = value * 10 + (byte - 0x30);
          digits++;
        } else if (byte === COMMA || byte === CLOSE_BRACKET) {
          this.#position = position;
          if (digits > 0) {
            values[filled++] = negative ? -value : value;
            if (filled === values.length) {
              use(values, filled, this.#base + position);
              index += filled;
              filled = 0;
            }
          } else if (byte === COMMA || index + filled > 0) this.fail("a number");
          if (byte === CLOSE_BRACKET) {
            if (filled > 0) use(values, filled, this.#base + position);
            return index + filled;
          }
          value = 0;
          digits = 0;
          negative = false;
        } else if (byte === MINUS) {
          negative = true;
        } else if (byte > 0x20) {
          this.#position = position;
          this.fail("a number");
        }
      }
      this.#position = position;
    }
  }
}

import { crc32, createInflateRaw } from "node:zlib";

/** Bytes that are unpacked at once: where they are damaged, this much of the packed file can be lost. */
const STEP_BYTES = 1 << 14;
const TRAILER_BYTES = 8;

/** Flags of a gzip header (RFC 1952): what stands between its ten bytes and the packed data. */
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;
const HEADER_SUM = 2;

/**
 * Unpacks gzip of one member or several, member by member. The decoder of Node ends with an error where
 * something else stands behind a member, and gives nothing of what it had unpacked by then.
 *
 * @param warn told what is wrong with the end; all before it has been yielded then
 */
export async function* gunzipped(
  packed: AsyncIterable<Buffer>,
  warn: (problem: string) => void,
): AsyncGenerator<Buffer> {
  const input = new Input(packed);
  try {
    for (let members = 0; await input.has(1); members++) {
      const header = await input.header();
      if (header !== undefined) {
        warn(
          members === 0
            ? `is damaged gzip (${header}); nothing of it could be unpacked`
            : `has bytes behind its end that are no gzip (${header}); all before them has been read`,
        );
        return;
      }
      const problem = yield* member(input);
      if (problem === undefined) continue;
      warn(`is damaged gzip (${problem}); what was unpacked up to there has been read`);
      return;
    }
  } finally {
    await input.close();
  }
}

/** Unpacks one member behind its header. Returns what is wrong with it. */
async function* member(input: Input): AsyncGenerator<Buffer, string | undefined> {
  const inflate = createInflateRaw({ chunkSize: 1 << 16 });
  const state: { error?: Error; ended: boolean } = { ended: false };
  let pieces: Buffer[] = [];
  inflate.on("data", (piece: Buffer) => pieces.push(piece));
  let done: () => void = () => undefined;
  inflate.on("error", (error: Error) => {
    state.error = error;
    done();
  });
  inflate.on("end", () => (state.ended = true));
  let sum = 0;
  let length = 0;
  let taken = 0;
  try {
    while (!state.ended) {
      // The end of the packed data is noticed only where something follows; its sum does.
      if (!(await input.has(1))) return "unexpected end of file";
      const step = input.peek(STEP_BYTES);
      await new Promise<void>((resolve) => {
        done = resolve;
        inflate.write(step, () => {
          resolve();
        });
      });
      // Events of the last write are emitted before the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      for (const piece of pieces) {
        sum = crc32(piece, sum);
        length += piece.length;
        yield piece;
      }
      pieces = [];
      if (state.error !== undefined) return state.error.message;
      const { bytesWritten } = inflate;
      input.skip(bytesWritten - taken);
      if (bytesWritten - taken < step.length) state.ended = true;
      taken = bytesWritten;
    }
    if (!(await input.has(TRAILER_BYTES))) return "unexpected end of file";
    const trailer = input.peek(TRAILER_BYTES);
    input.skip(TRAILER_BYTES);
    if (trailer.readUInt32LE(0) !== sum) return "incorrect data check";
    return trailer.readUInt32LE(4) === length % 2 ** 32 ? undefined : "incorrect length check";
  } finally {
    inflate.destroy();
  }
}

/** The packed bytes, of which the next ones can be looked at. */
class Input {
  readonly #iterator: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(packed: AsyncIterable<Buffer>) {
    this.#iterator = packed[Symbol.asyncIterator]();
  }

  async has(length: number): Promise<boolean> {
    while (this.#held.length < length) {
      const { value, done } = (await this.#iterator.next()) as IteratorResult<Buffer, undefined>;
      if (done === true) return false;
      // The source uses the memory of a piece again for the next one.
      this.#held = this.#held.length === 0 ? Buffer.from(value) : Buffer.concat([this.#held, value]);
    }
    return true;
  }

  peek(most: number): Buffer {
    return this.#held.subarray(0, most);
  }

  skip(length: number): void {
    this.#held = this.#held.subarray(length);
  }

  /** Skips the header of a member. Returns what is wrong with it. */
  async header(): Promise<string | undefined> {
    if (!(await this.has(10))) return "incorrect header check";
    const fixed = this.peek(10);
    const flags = fixed[3] ?? 0;
    if (fixed[0] !== 0x1f || fixed[1] !== 0x8b || fixed[2] !== 8 || flags > 31)
      return "incorrect header check";
    this.skip(10);
    if ((flags & EXTRA) !== 0) {
      if (!(await this.has(2))) return "unexpected end of file";
      const length = 2 + this.peek(2).readUInt16LE(0);
      if (!(await this.has(length))) return "unexpected end of file";
      this.skip(length);
    }
    for (const flag of [NAME, COMMENT])
      if ((flags & flag) !== 0 && !(await this.#skipText())) return "unexpected end of file";
    if ((flags & HEADER_SUM) !== 0) {
      if (!(await this.has(2))) return "unexpected end of file";
      this.skip(2);
    }
    return undefined;
  }

  /** Skips a text that ends with a null byte. */
  async #skipText(): Promise<boolean> {
    for (;;) {
      if (!(await this.has(1))) return false;
      const end = this.#held.indexOf(0);
      this.skip(end === -1 ? this.#held.length : end + 1);
      if (end !== -1) return true;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

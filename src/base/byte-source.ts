import { open, stat } from "node:fs/promises";
import { BytesperError } from "./errors.js";
import { fileSuggestion } from "./nearest-file.js";
import { gunzipped } from "./gunzip.js";

/** The decompressed bytes of a log. Each piece is valid only until the next one is requested. */
export type ByteSource = AsyncIterable<Buffer>;

const GZIP = Buffer.from([0x1f, 0x8b]);
/** Byte order marks of UTF-16: little-endian, big-endian. */
const UTF16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];
const PACKED: [magic: number[], name: string][] = [
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz"],
  [[0x42, 0x5a, 0x68], "bzip2"],
  [[0x50, 0x4b, 0x03, 0x04], "zip"],
];
/** A read of this size takes little time compared with the search of its bytes. */
const READ_BYTES = 1 << 20;
/** So many first bytes show how a log is written. */
const HEAD_BYTES = 64;

/**
 * Opens a log, or standard input for "-". Throws `BAD_INPUT` if it cannot be read. If the end of a compressed log is
 * damaged, `warn` is called after the readable part.
 */
export async function openLog(path: string, warn: (message: string) => void): Promise<ByteSource> {
  if (path === "-") return unpacked(process.stdin, "standard input", warn);
  const problem = await stat(path).then(
    (found) => (found.isDirectory() ? "is a folder; give the path of a log" : undefined),
    (error: unknown) =>
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? `does not exist${fileSuggestion(path)}; give the path of a log, or - for standard input`
        : `cannot be read: ${messageOf(error)}; give a log that can be`,
  );
  if (problem !== undefined) throw new BytesperError("BAD_INPUT", `${path} ${problem}.`);
  return unpacked(fileBytes(path), path, warn);
}

/** Reads into one buffer while the other is searched. */
async function* fileBytes(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  const read = (buffer: Buffer): Promise<Buffer> => {
    const piece = file.read(buffer, 0, READ_BYTES).then(({ bytesRead }) => buffer.subarray(0, bytesRead));
    // It may fail before anyone awaits it.
    piece.catch(() => undefined);
    return piece;
  };
  let [filling, idle] = [Buffer.allocUnsafeSlow(READ_BYTES), Buffer.allocUnsafeSlow(READ_BYTES)];
  let pending = read(filling);
  try {
    for (;;) {
      const piece = await pending;
      if (piece.length === 0) return;
      [filling, idle] = [idle, filling];
      pending = read(filling);
      yield piece;
    }
  } finally {
    // The buffer must not be freed while the system writes to it.
    await pending.catch(() => undefined);
    await file.close();
  }
}

/**
 * Decompresses gzip, and converts UTF-16, which PowerShell writes, to one byte a character. The first bytes tell the
 * format.
 */
export async function* unpacked(
  raw: AsyncIterable<Buffer>,
  name: string,
  warn: (message: string) => void,
): AsyncGenerator<Buffer> {
  try {
    const { head, all } = await withHead(raw, HEAD_BYTES);
    if (head.subarray(0, 2).equals(GZIP))
      yield* gunzipped(all, (problem) => {
        warn(`${name} ${problem}.`);
      });
    else if (UTF16.some((mark) => head.subarray(0, 2).equals(mark)))
      yield* narrowed(all, head[0] === 0xff ? 0 : 1);
    else if (unmarkedUtf16(head) !== undefined) yield* narrowed(all, unmarkedUtf16(head) ?? 0);
    else {
      const packed = PACKED.find(([magic]) => head.subarray(0, magic.length).equals(Buffer.from(magic)));
      if (packed !== undefined)
        throw new BytesperError(
          "BAD_INPUT",
          `${name} is packed with ${packed[1]}, and only plain text and gzip are read; unpack it into bytesper explain-oom -.`,
        );
      yield* all;
    }
  } catch (error) {
    if (error instanceof BytesperError) throw error;
    throw new BytesperError(
      "BAD_INPUT",
      `${name} cannot be read: ${messageOf(error)}; give a log that can be.`,
      { cause: error },
    );
  }
}

/** Which byte of each unit holds the letters, if a text without a mark is UTF-16: every other byte is 0. */
function unmarkedUtf16(head: Buffer): 0 | 1 | undefined {
  const units = head.length >> 1;
  if (units < 4) return undefined;
  const zeros = [0, 0];
  for (let at = 0; at < 2 * units; at += 1) if (head[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd >= 0.9 * units && even === 0) return 0;
  return even >= 0.9 * units && odd === 0 ? 1 : undefined;
}

/**
 * The low byte of each UTF-16 unit; `low` is its position in the unit. A character beyond Latin-1 becomes 0xff, which
 * no pattern contains.
 */
async function* narrowed(all: AsyncIterable<Buffer>, low: 0 | 1): AsyncGenerator<Buffer> {
  let odd: Buffer = Buffer.alloc(0);
  for await (const piece of all) {
    const joined = odd.length === 0 ? piece : Buffer.concat([odd, piece]);
    const units = joined.length >> 1;
    const narrow = Buffer.alloc(units);
    for (let unit = 0; unit < units; unit += 1)
      narrow[unit] = joined[2 * unit + 1 - low] === 0 ? (joined[2 * unit + low] ?? 0) : 0xff;
    odd = Buffer.from(joined.subarray(2 * units));
    yield narrow;
  }
}

/** Returns the first bytes, and a source of all bytes from the start. */
async function withHead(
  raw: AsyncIterable<Buffer>,
  length: number,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  const iterator = raw[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let held = 0;
  while (held < length) {
    const { value, done } = (await iterator.next()) as IteratorResult<Buffer, undefined>;
    if (done === true) break;
    // This piece may be short. The next read would overwrite its buffer, so it is copied.
    first.push(held + value.length < length ? Buffer.from(value) : value);
    held += value.length;
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* first;
      for (;;) {
        const { value, done } = (await iterator.next()) as IteratorResult<Buffer, undefined>;
        if (done === true) break;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(first).subarray(0, length), all: all() };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

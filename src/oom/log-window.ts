const NEWLINE = 10;

/**
 * The part of a log that is held in memory: what must still be searched, and enough before it to see how a
 * report begins. Offsets and line numbers count in the whole log.
 */
export class LogWindow {
  readonly buffer: Buffer;
  /** Offset in the log of the first byte in memory. */
  start = 0;
  /** Offset of the end of the bytes in memory. */
  end = 0;
  #linesBefore = 0;
  #countedTo = 0;

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get free(): number {
    return this.buffer.length - (this.end - this.start);
  }

  /** Copies as many bytes as there is room for and returns their number. */
  append(bytes: Buffer): number {
    const count = bytes.copy(this.buffer, this.end - this.start, 0, Math.min(bytes.length, this.free));
    this.end += count;
    return count;
  }

  /** Drops the bytes before an offset. */
  dropBefore(offset: number): void {
    if (offset <= this.start) return;
    this.#countTo(offset);
    this.buffer.copyWithin(0, offset - this.start, this.end - this.start);
    this.start = offset;
  }

  /** Number of the line at an offset, from 1. */
  lineAt(offset: number): number {
    if (offset >= this.#countedTo) this.#countTo(offset);
    return 1 + this.#linesBefore - this.#newlines(offset, this.#countedTo);
  }

  /** The start of the line at an offset; undefined if it lies more than `most` bytes back. */
  lineStart(offset: number, most: number): number | undefined {
    const floor = Math.max(this.start, offset - most);
    const newline = offset === this.start ? -1 : this.buffer.lastIndexOf(NEWLINE, offset - this.start - 1);
    if (newline !== -1 && newline + this.start >= floor) return newline + this.start + 1;
    return floor === 0 ? 0 : undefined;
  }

  latin1(from: number, to: number): string {
    return this.buffer.toString("latin1", from - this.start, to - this.start);
  }

  #countTo(offset: number): void {
    this.#linesBefore += this.#newlines(this.#countedTo, offset);
    this.#countedTo = Math.max(this.#countedTo, offset);
  }

  #newlines(from: number, to: number): number {
    // A view that ends at `to`, because the search must not run on to a newline far behind it.
    const bytes = this.buffer.subarray(0, Math.max(0, to - this.start));
    let count = 0;
    for (let at = bytes.indexOf(NEWLINE, from - this.start); at !== -1; at = bytes.indexOf(NEWLINE, at + 1))
      count += 1;
    return count;
  }
}

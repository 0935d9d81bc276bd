import { LONGEST_QUOTED, quotedRecord } from "./quoted.js";
import type { Row } from "./row.js";
import { MOST_FIELDS } from "./row.js";

const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const CHUNK = 1 << 20;
/** Longer lines are counted but not stored. */
const LONGEST_LINE = 1 << 20;

export interface RowReceiver {
  /**
   * Called for each line before it is split. It may read the line itself and return the position of the line end;
   * else it returns -1. The byte at `end` is a line end, but it may not belong to the log.
   */
  whole(bytes: Uint8Array, from: number, end: number, line: number): number;
  row(row: Row): void;
  /** A line that cannot be stored or split. `fields` is the number of commas outside of quotes, plus one. */
  unreadable(line: number, fields: number, why: string, beginning: Uint8Array): void;
}

/**
 * Splits bytes into lines and fields. The memory that it takes depends neither on the length of the log nor on the
 * length of a line. Line ends may be LF, CR LF or CR, mixed. A byte order mark is skipped. Blank lines count as lines
 * only.
 */
export class RowSplitter {
  readonly #receiver: RowReceiver;
  readonly #buffer = new Uint8Array(CHUNK + LONGEST_LINE + 1);
  readonly #unquoted = new Uint8Array(LONGEST_QUOTED);
  readonly #row: Row;
  #held = 0;
  #line = 1;
  #first = true;
  blankLines = 0;
  /** Set while a line is skipped that is too long. */
  #skipped: { fields: number; bytes: number; beginning: Uint8Array } | undefined;

  constructor(receiver: RowReceiver) {
    this.#receiver = receiver;
    this.#row = {
      bytes: this.#buffer,
      starts: new Int32Array(MOST_FIELDS),
      ends: new Int32Array(MOST_FIELDS),
      fields: 0,
      line: 1,
      terminated: true,
    };
  }

  push(piece: Uint8Array): void {
    for (let taken = 0; taken < piece.length;) {
      const part = piece.subarray(taken, taken + CHUNK + LONGEST_LINE - this.#held);
      this.#buffer.set(part, this.#held);
      this.#held += part.length;
      taken += part.length;
      this.#split(false);
    }
  }

  finish(): void {
    this.#split(true);
    if (this.#skipped !== undefined) this.#endSkipped();
  }

  get lines(): number {
    return this.#line - 1;
  }

  #split(atEnd: boolean): void {
    let from = 0;
    if (this.#first && (this.#held >= 3 || atEnd)) {
      this.#first = false;
      const [one, two, three] = this.#buffer;
      if (this.#held >= 3 && one === 0xef && two === 0xbb && three === 0xbf) from = 3;
    } else if (this.#first) return;
    if (this.#skipped !== undefined) from = this.#skip(from, atEnd);
    while (from < this.#held && this.#skipped === undefined) {
      const next = this.#record(from, atEnd);
      if (next === -1) break;
      from = next;
    }
    if (from > 0) {
      this.#buffer.copyWithin(0, from, this.#held);
      this.#held -= from;
    }
    if (this.#held > LONGEST_LINE) this.#beginSkipped(atEnd);
  }

  /** Splits one record and returns the position of the next; -1 if the end of the record has not been read yet. */
  #record(from: number, atEnd: boolean): number {
    const buffer = this.#buffer;
    const { starts, ends } = this.#row;
    const end = this.#held;
    // A line end behind the last byte stops every loop.
    buffer[end] = LF;
    const whole = this.#receiver.whole(buffer, from, end, this.#line);
    if (whole !== -1) {
      this.#line += 1;
      return buffer[whole] === CR ? whole + 2 : whole + 1;
    }
    let at = from;
    let start = from;
    let count = 0;
    let spaced = false;
    for (;;) {
      // Digits, letters, the point and the minus are above the comma; nearly all bytes are handled here.
      while ((buffer[at] as number) > COMMA) at += 1;
      const byte = buffer[at] as number;
      if (byte === COMMA) {
        if (count < MOST_FIELDS) {
          starts[count] = start;
          ends[count] = at;
        }
        count += 1;
        at += 1;
        start = at;
      } else if (byte === LF || byte === CR) break;
      else if (byte === QUOTE && at === start) return this.#quoted(from, atEnd);
      else {
        if (byte === SPACE || byte === 9) spaced = true;
        at += 1;
      }
    }
    const terminated = at < end;
    // After a CR at the end of the buffer, an LF may follow.
    if (!atEnd && (!terminated || (buffer[at] === CR && at + 1 === end))) return -1;
    if (count < MOST_FIELDS) {
      starts[count] = start;
      ends[count] = at;
    }
    if (at === from) this.blankLines += 1;
    else {
      if (spaced) this.#trim(buffer, Math.min(count + 1, MOST_FIELDS));
      this.#send(buffer, count + 1, terminated);
    }
    this.#line += 1;
    return this.#behindLineEnd(at);
  }

  #quoted(from: number, atEnd: boolean): number {
    const record = quotedRecord(this.#buffer, from, this.#held, this.#unquoted);
    if (record === "open" && !atEnd) return -1;
    if (typeof record === "string") return this.#broken(from, atEnd);
    const terminated = record.end < this.#held;
    if (!atEnd && (!terminated || record.end + 1 === this.#held)) return -1;
    const kept = Math.min(record.starts.length, MOST_FIELDS);
    for (let field = 0; field < kept; field += 1) {
      this.#row.starts[field] = record.starts[field] as number;
      this.#row.ends[field] = record.ends[field] as number;
    }
    this.#trim(this.#unquoted, kept);
    this.#send(this.#unquoted, record.starts.length, terminated);
    this.#line += 1 + record.innerLines;
    return this.#behindLineEnd(record.end);
  }

  /** Only the line in which the quote opens is given up. The following lines may be correct. */
  #broken(from: number, atEnd: boolean): number {
    let at = from;
    let fields = 1;
    while (at < this.#held && this.#buffer[at] !== LF && this.#buffer[at] !== CR)
      if (this.#buffer[at++] === COMMA) fields += 1;
    if (!atEnd && at + 1 >= this.#held) return -1;
    const beginning = this.#buffer.subarray(from, at);
    this.#receiver.unreadable(this.#line, fields, "a quote opens in it and does not close", beginning);
    this.#line += 1;
    return this.#behindLineEnd(at);
  }

  #behindLineEnd(at: number): number {
    if (at >= this.#held) return this.#held;
    return this.#buffer[at] === CR && at + 1 < this.#held && this.#buffer[at + 1] === LF ? at + 2 : at + 1;
  }

  #send(bytes: Uint8Array, fields: number, terminated: boolean): void {
    const row = this.#row;
    row.bytes = bytes;
    row.fields = fields;
    row.line = this.#line;
    row.terminated = terminated;
    this.#receiver.row(row);
  }

  #trim(bytes: Uint8Array, count: number): void {
    const { starts, ends } = this.#row;
    for (let field = 0; field < count; field += 1) {
      let start = starts[field] as number;
      let end = ends[field] as number;
      while (start < end && isBlank(bytes[start])) start += 1;
      while (end > start && isBlank(bytes[end - 1])) end -= 1;
      starts[field] = start;
      ends[field] = end;
    }
  }

  #beginSkipped(atEnd: boolean): void {
    this.#skipped = { fields: 1, bytes: 0, beginning: Uint8Array.from(this.#buffer.subarray(0, 200)) };
    const from = this.#skip(0, atEnd);
    this.#buffer.copyWithin(0, from, this.#held);
    this.#held -= from;
  }

  /** Skips a line that is too long, up to its end or the end of the buffer. */
  #skip(from: number, atEnd: boolean): number {
    const skipped = this.#skipped as { fields: number; bytes: number; beginning: Uint8Array };
    let at = from;
    for (; at < this.#held; at += 1) {
      const byte = this.#buffer[at];
      if (byte === COMMA) skipped.fields += 1;
      else if (byte === LF || byte === CR) break;
    }
    skipped.bytes += at - from;
    if (at === this.#held) return at;
    if (!atEnd && at + 1 === this.#held) return at;
    this.#endSkipped();
    return this.#behindLineEnd(at);
  }

  #endSkipped(): void {
    const { fields, beginning } = this.#skipped as { fields: number; beginning: Uint8Array };
    this.#skipped = undefined;
    this.#receiver.unreadable(
      this.#line,
      fields,
      `it is longer than ${LONGEST_LINE >> 20} MiB, with ${fields} fields`,
      beginning,
    );
    this.#line += 1;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === 9;
}

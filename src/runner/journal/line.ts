import { hash } from "node:crypto";

/** Version of the record layout. A reader refuses newer versions. */
export const JOURNAL_VERSION = 1;

/** Keys of every line, in addition to those of its type. */
export interface LineHead {
  v: number;
  /** Number of the line, from 0. */
  seq: number;
  /** Wall-clock time of writing, ISO 8601 with milliseconds. */
  at: string;
  type: string;
}

const SUM_LENGTH = 16;
const TAIL = /,"sum":"([0-9a-f]{16})"\}$/;

/** Makes one line. Its last key is a checksum: 64 bits of the SHA-256 of everything before it. */
export function encodeLine(record: LineHead & Record<string, unknown>): Buffer {
  const body = JSON.stringify(record).slice(0, -1);
  return Buffer.from(`${body},"sum":"${sumOf(body)}"}\n`);
}

export type DecodedLine =
  | { ok: true; record: LineHead & Record<string, unknown> }
  | { ok: false; problem: "not a record" | "wrong checksum" };

/** Reads a line without its newline. The checksum is compared before the line is parsed. */
export function decodeLine(line: Buffer): DecodedLine {
  const text = line.toString("utf8");
  const sum = TAIL.exec(text.slice(-SUM_LENGTH - 10));
  if (sum === null) return { ok: false, problem: "not a record" };
  const body = text.slice(0, -sum[0].length);
  if (sumOf(body) !== sum[1]) return { ok: false, problem: "wrong checksum" };
  try {
    return { ok: true, record: JSON.parse(`${body}}`) as LineHead & Record<string, unknown> };
  } catch {
    // A sum can be computed for any text.
    return { ok: false, problem: "not a record" };
  }
}

/** The head of a streamed record. */
export interface TurnHead {
  seq: number;
  at: string;
  experiment: string;
  cell: string;
  trial: number;
  attempt: number;
}

const TURN =
  /^\{"v":1,"seq":(\d{1,15}),"at":"([\w:.-]{1,30})","type":"turn","experiment":"([\w-][\w.-]{0,250})","cell":"([\w-]{1,200})","trial":(\d{1,9}),"attempt":(\d{1,9}),"record":/;
const MOST_HEAD = 600;

const BEFORE_SEQ = Buffer.from('{"v":1,"seq":');
const BEFORE_TIME = Buffer.from(',"at":"');
const BEFORE_SUM = Buffer.from(',"sum":"');
const AFTER_SUM = Buffer.from('"}');
const TAIL_LENGTH = BEFORE_SUM.length + SUM_LENGTH + AFTER_SUM.length;
/** Length of "2026-01-31T12:00:00.000Z". */
const TIME_LENGTH = 24;
const TIME = /^[\w:.-]*$/;
const DIGIT_0 = 0x30;

/**
 * Reads the heads of streamed records and leaves their content unparsed, which may be most of a long journal. The
 * records of one attempt follow one another and have the same head but for the number and the time, so most heads
 * are only compared with the last one.
 */
export class TurnReader {
  #last: TurnHead | undefined;
  /** What follows the time in the last record, up to its content. */
  #rest = Buffer.alloc(0);

  /** Undefined for every other line, and where the checksum is wrong. The head is valid until the next call. */
  read(bytes: Buffer, start: number, end: number): TurnHead | undefined {
    return this.#readNext(bytes, start, end) ?? this.#readFirst(bytes.subarray(start, end));
  }

  #readNext(bytes: Buffer, start: number, end: number): TurnHead | undefined {
    const last = this.#last;
    if (last === undefined || !standsAt(bytes, start, BEFORE_SEQ)) return undefined;
    let at = start + BEFORE_SEQ.length;
    let seq = 0;
    for (let digit = digitAt(bytes, at); digit !== -1; digit = digitAt(bytes, ++at)) seq = seq * 10 + digit;
    const time = at + BEFORE_TIME.length;
    const rest = time + TIME_LENGTH;
    if (seq !== last.seq + 1 || !standsAt(bytes, at, BEFORE_TIME)) return undefined;
    if (rest + this.#rest.length + TAIL_LENGTH > end) return undefined;
    if (bytes.compare(this.#rest, 0, this.#rest.length, rest, rest + this.#rest.length) !== 0)
      return undefined;
    const text = bytes.toString("latin1", time, rest);
    if (!TIME.test(text) || !hasSum(bytes, start, end)) return undefined;
    last.seq = seq;
    last.at = text;
    return last;
  }

  #readFirst(line: Buffer): TurnHead | undefined {
    const head = TURN.exec(line.toString("latin1", 0, MOST_HEAD));
    if (head === null || !hasSum(line, 0, line.length)) return undefined;
    const [whole, seq, at = "", experiment = "", cell = "", trial, attempt] = head;
    const turn = { seq: Number(seq), at, experiment, cell, trial: Number(trial), attempt: Number(attempt) };
    this.#last = at.length === TIME_LENGTH ? turn : undefined;
    this.#rest = Buffer.from(whole.slice(whole.indexOf(at) + TIME_LENGTH), "latin1");
    return turn;
  }
}

function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - DIGIT_0;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** For a few bytes a loop is faster than a call into the runtime. */
function standsAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index++)
    if (bytes[at + index] !== expected[index]) return false;
  return true;
}

/** Whether the line ends with the right checksum. */
function hasSum(bytes: Buffer, start: number, end: number): boolean {
  const tail = end - TAIL_LENGTH;
  if (tail < start || !standsAt(bytes, tail, BEFORE_SUM) || !standsAt(bytes, end - 2, AFTER_SUM))
    return false;
  const sum = hash("sha256", bytes.subarray(start, tail));
  const from = tail + BEFORE_SUM.length;
  for (let index = 0; index < SUM_LENGTH; index++)
    if (bytes[from + index] !== sum.charCodeAt(index)) return false;
  return true;
}

function sumOf(body: string): string {
  return hash("sha256", body).slice(0, SUM_LENGTH);
}

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
const TAIL_LENGTH = SUM_LENGTH + 10;

/**
 * Reads the head of a streamed record and leaves its content unparsed, which may be most of a long journal.
 * Undefined for every other line, and where the checksum is wrong.
 */
export function decodeTurn(line: Buffer): TurnHead | undefined {
  const head = TURN.exec(line.toString("latin1", 0, MOST_HEAD));
  if (head === null) return undefined;
  const sum = TAIL.exec(line.toString("latin1", line.length - TAIL_LENGTH));
  if (sum === null) return undefined;
  const body = line.subarray(0, line.length - TAIL_LENGTH);
  if (hash("sha256", body).slice(0, SUM_LENGTH) !== sum[1]) return undefined;
  const [, seq, at = "", experiment = "", cell = "", trial, attempt] = head;
  return { seq: Number(seq), at, experiment, cell, trial: Number(trial), attempt: Number(attempt) };
}

function sumOf(body: string): string {
  return hash("sha256", body).slice(0, SUM_LENGTH);
}

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { nameProblem } from "../../experiment/name.js";
import type { TurnHead } from "./line.js";
import { decodeLine, JOURNAL_VERSION, TurnReader } from "./line.js";
import { answerProblem, recordProblem } from "./record-schema.js";
import type { CellRole } from "../../record/cell.js";
import type { JournalRecord } from "./records.js";

export type WrittenRecord = JournalRecord & { seq: number; at: string };

/**
 * Whether records that cells streamed are kept with their content, or only counted. They can be most of a
 * journal, and everything but their content is known without them.
 */
export type Turns = "kept" | "counted";

export interface ReadJournal {
  /** With counted turns, those of one attempt that follow one another are one record with a `count`. */
  records: WrittenRecord[];
  /** Number of records in the file. */
  count: number;
  /** Length of the complete records, bytes. */
  length: number;
  /** Bytes after the last complete record, from an interrupted write. */
  torn: Buffer;
  /** SHA-256 of the whole file, in hexadecimal. */
  sha256: string;
  turns: Turns;
  /** Identifies the state of the file; undefined for bytes that are no file. */
  stamp: Stamp | undefined;
}

interface Stamp {
  text: string;
  /** When the file was changed, ms. */
  changedMs: number;
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 2 ** 20;
/** Longest line, bytes. A record of a cell is at most some megabytes. */
const LONGEST_LINE = 2 ** 28;
/** A file that changed less than this ago may have changed again with the same time stamp. */
const SETTLED_MS = 1000;

/**
 * Reads a journal in pieces, so that its size needs no memory beside that of its records. An incomplete record at
 * the end, left by a kill or a full disk, is ignored. Other damage throws `BAD_JOURNAL` with the line number, and
 * so do a record of a newer version and names that lead out of the results folder.
 *
 * @param before an earlier reading, which is the answer where the file has not changed
 */
export function readJournal(
  path: string,
  before?: ReadJournal,
  turns: Turns = before?.turns ?? "kept",
): ReadJournal {
  return withFile(path, (descriptor) => {
    const stamp = stampOf(descriptor);
    if (before?.stamp?.text === stamp.text && before.turns === turns) {
      if (Date.now() - stamp.changedMs > SETTLED_MS) return before;
      if (hashOf(descriptor) === before.sha256) return before;
    }
    const parser = new JournalParser(path, turns);
    forEachChunk(descriptor, (chunk) => {
      parser.push(chunk);
    });
    return { ...parser.end(), stamp };
  });
}

export function parseJournal(bytes: Buffer, path: string, turns: Turns = "kept"): ReadJournal {
  const parser = new JournalParser(path, turns);
  parser.push(bytes);
  return parser.end();
}

/** SHA-256 of a file, in hexadecimal. */
export function sha256Of(path: string): string {
  return withFile(path, hashOf);
}

function hashOf(descriptor: number): string {
  const hash = createHash("sha256");
  forEachChunk(descriptor, (chunk) => {
    hash.update(chunk);
  });
  return hash.digest("hex");
}

class JournalParser {
  readonly #path: string;
  readonly #turns: Turns;
  readonly #records: WrittenRecord[] = [];
  /** Roles of the planned cells, which say what their answers hold. */
  readonly #roles = new Map<string, CellRole>();
  readonly #hash = createHash("sha256");
  readonly #turnReader: TurnReader | undefined;
  #count = 0;
  #length = 0;
  /** A line that has not ended, in pieces. */
  #pieces: Buffer[] = [];
  #pending = 0;
  /** What is wrong with the last line that was read: allowed only at the end of the file. */
  #suspect: Buffer | undefined;

  constructor(path: string, turns: Turns) {
    this.#path = path;
    this.#turns = turns;
    this.#turnReader = turns === "counted" ? new TurnReader() : undefined;
  }

  push(chunk: Buffer): void {
    this.#hash.update(chunk);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (this.#pending > 0 || !this.#countTurn(chunk, start, end)) {
        this.#keep(chunk.subarray(start, end));
        this.#endLine();
      }
      start = end + 1;
    }
    // The chunk's memory is used again for the next one.
    if (start < chunk.length) this.#keep(Buffer.from(chunk.subarray(start)));
  }

  end(): ReadJournal {
    const rest = Buffer.concat(this.#pieces);
    const torn = this.#suspect === undefined ? rest : Buffer.concat([this.#suspect, Buffer.from("\n"), rest]);
    if (this.#suspect !== undefined && rest.length > 0) throw this.#damaged("not a record");
    return {
      records: this.#records,
      count: this.#count,
      length: this.#length,
      torn,
      sha256: this.#hash.digest("hex"),
      turns: this.#turns,
      stamp: undefined,
    };
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#suspect !== undefined) throw this.#damaged("not a record");
    this.#pieces.push(piece);
    this.#pending += piece.length;
    if (this.#pending > LONGEST_LINE)
      throw this.#damaged(`longer than ${LONGEST_LINE.toLocaleString("en-US")} bytes`);
  }

  #endLine(): void {
    // A record is complete only with its newline, which is written last.
    const [first] = this.#pieces;
    const line = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pending = 0;
    if (this.#suspect !== undefined) throw this.#damaged("not a record");
    if (this.#countTurn(line, 0, line.length)) return;
    const decoded = decodeLine(line);
    if (!decoded.ok) {
      if (decoded.problem !== "not a record") throw this.#damaged(decoded.problem);
      this.#suspect = Buffer.from(line);
      return;
    }
    this.#take(decoded.record as unknown as WrittenRecord & { v: unknown });
    this.#countLine(line.length);
  }

  #countLine(bytes: number): void {
    this.#count++;
    this.#length += bytes + 1;
  }

  /** Takes a line without its content, if it is a streamed record whose content is not asked for. */
  #countTurn(bytes: Buffer, start: number, end: number): boolean {
    if (this.#suspect !== undefined) return false;
    const turn = this.#turnReader?.read(bytes, start, end);
    if (turn === undefined) return false;
    this.#takeTurn(turn);
    this.#countLine(end - start);
    return true;
  }

  #take(record: WrittenRecord & { v: unknown }): void {
    const { v, seq } = record;
    if (typeof v !== "number" || v > JOURNAL_VERSION) {
      throw new BytesperError(
        "BAD_JOURNAL",
        `${this.#path}, line ${this.#count + 1} has version ${String(v)} and this version of bytesper reads up to ${JOURNAL_VERSION}; use a newer bytesper.`,
      );
    }
    this.#requireSequence(seq);
    this.#requirePlaces(record as unknown as Record<string, unknown>);
    this.#requireShape(record);
    if (record.type !== "turn" || this.#turns === "kept") {
      this.#records.push(record);
      return;
    }
    const { experiment, cell, trial, attempt, at } = record;
    this.#takeTurn({ seq, at, experiment, cell, trial, attempt });
  }

  #takeTurn(turn: TurnHead): void {
    this.#requireSequence(turn.seq);
    const last = this.#records.at(-1);
    if (
      last?.type === "turn" &&
      last.cell === turn.cell &&
      last.trial === turn.trial &&
      last.attempt === turn.attempt &&
      last.experiment === turn.experiment
    ) {
      last.count = (last.count ?? 1) + 1;
      last.at = turn.at;
      return;
    }
    this.#requirePlaces({ ...turn });
    this.#records.push({ type: "turn", ...turn, record: undefined, count: 1 });
  }

  #requirePlaces(record: Record<string, unknown>): void {
    this.#refuse(placesProblem(record));
  }

  /** A record with a right checksum can come from another program, or from a hand. */
  #requireShape(record: WrittenRecord): void {
    this.#refuse(recordProblem(record));
    if (record.type === "planned") this.#roles.set(placeOf(record), record.role);
    if (!("end" in record)) return;
    const { outcome, data } = record.end;
    const role = this.#roles.get(placeOf(record));
    if (role === undefined || (data === undefined && outcome !== "ok")) return;
    const problem = answerProblem(role, data);
    if (problem !== undefined) this.#refuse(`in the answer of its cell, ${problem}`);
  }

  #refuse(problem: string | undefined): void {
    if (problem === undefined) return;
    throw new BytesperError(
      "BAD_JOURNAL",
      `${this.#path}, line ${this.#count + 1} cannot be used: ${problem}; a journal of bytesper has no such record.`,
    );
  }

  #requireSequence(seq: unknown): void {
    if (seq !== this.#count) throw this.#damaged(`record ${String(seq)} stands where ${this.#count} should`);
  }

  #damaged(problem: string): BytesperError {
    return new BytesperError(
      "BAD_JOURNAL",
      `${this.#path} is damaged in line ${this.#count + 1} (${problem}), before its end; restore the file from a copy, or start a new run.`,
    );
  }
}

function placeOf({ experiment, cell }: { experiment: string; cell: string }): string {
  return `${experiment}/${cell}`;
}

const WORD = /^[\w-]{1,200}$/;

/** What is wrong with the values of a record that become names of files; undefined if nothing is. */
function placesProblem(record: Record<string, unknown>): string | undefined {
  const { type, experiment, cell, trial, attempt, runId } = record;
  if (type === "run")
    return typeof runId === "string" && WORD.test(runId) ? undefined : `its "runId" is ${said(runId)}`;
  if (experiment !== undefined) {
    const problem = nameProblem(experiment);
    if (problem !== undefined) return `of the experiment ${said(experiment)}, ${problem}`;
  }
  if (cell !== undefined && !(typeof cell === "string" && WORD.test(cell)))
    return `its "cell" is ${said(cell)}`;
  for (const [name, value] of Object.entries({ trial, attempt }))
    if (value !== undefined && !Number.isSafeInteger(value)) return `its "${name}" is ${said(value)}`;
  return undefined;
}

function said(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}

function withFile<T>(path: string, use: (descriptor: number) => T): T {
  let descriptor: number | undefined;
  try {
    // Opening a named pipe would wait for somebody who writes to it.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw Object.assign(new Error("EISDIR: it is a folder"), { code: "EISDIR" });
    if (!stats.isFile()) throw new Error("it is a device or a pipe and not a file");
    return use(descriptor);
  } catch (error) {
    if (error instanceof BytesperError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new BytesperError(
      "BAD_JOURNAL",
      missing
        ? `${path} does not exist; give the folder of a run (--out of the run) or its journal.`
        : `${path} cannot be read: ${sentence(error)}.`,
      { cause: error },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function forEachChunk(descriptor: number, use: (chunk: Buffer) => void): void {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let offset = 0; ;) {
    const length = readSync(descriptor, buffer, 0, CHUNK_BYTES, offset);
    if (length === 0) return;
    use(buffer.subarray(0, length));
    offset += length;
  }
}

function stampOf(descriptor: number): Stamp {
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs } = fstatSync(descriptor, { bigint: true });
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(" "), changedMs: Number(mtimeMs) };
}

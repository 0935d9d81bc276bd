import type { Kind, WriteEvent } from "../event.js";
import type { Layout } from "../layouts.js";
import { BASE_COLUMNS } from "../layouts.js";
import type { Candidate, LayoutSource, UsedLayout } from "./candidates.js";
import { Candidates } from "./candidates.js";
import { HeaderTrust } from "./header-trust.js";
import { headerLayout, headerNames } from "./header.js";
import { heldRow } from "./held-row.js";
import type { Unknown } from "./infer.js";
import { inferLayout, MOST_INFERRED_FIELDS } from "./infer.js";
import { Kinds } from "./kinds.js";
import type { Plan } from "./plan.js";
import { digitsEnd, isWord, NO_PLACE, readPlain, rowValues } from "./plan.js";
import type { Row } from "./row.js";
import { excerpt, MOST_FIELDS } from "./row.js";
import { RowSplitter } from "./rows.js";
import { wholeAt } from "./number.js";
import { UnplacedLines } from "./unplaced.js";

/** Rows of an unknown length are stored until there are enough of them to infer the layout. */
const MOST_HELD_ROWS = 2000;
const MOST_HELD_BYTES = 1 << 20;
/** Memory of a stored row in addition to its fields. */
const ROW_BYTES = 300;
const ENOUGH_UNKNOWN = 16;
const MOST_HEADERS = 1000;
const LF = 10;
const CR = 13;
const COMMA = 44;

/**
 * Reads a write log without trusting its header. The layout of each row is found from its length and from what its
 * fields hold. The possible layouts are the given ones, the header's, the built-in ones, and those inferred from rows
 * of the same length.
 */
export class WriteLogReader {
  readonly unplaced = new UnplacedLines();
  readonly headers: { line: number; columns: readonly string[] }[] = [];
  trust: HeaderTrust | undefined;
  events = 0;
  /** The last line has no line end, so its last field may be cut. */
  lastLineCut = false;
  readonly #kinds = new Kinds();
  readonly #splitter = new RowSplitter({
    whole: (bytes, from, end, line) => this.#whole(bytes, from, end, line),
    row: (row) => {
      this.#row(row);
    },
    unreadable: (line, fields, why, bytes) => {
      this.unplaced.add({ line, fields, why, beginning: excerpt(bytes) });
    },
  });
  readonly #receive: (event: WriteEvent) => void;
  readonly #candidates: Candidates;
  /** Lengths for which the layout was inferred, or could not be inferred. */
  readonly #decided = new Set<number>();
  readonly #values = rowValues();
  /** By kind: the layout of its latest row, if rows of that layout can be read in one pass. */
  #usual: (Candidate | undefined)[] = [];
  readonly #wholeRow: Row = {
    bytes: new Uint8Array(0),
    starts: new Int32Array(MOST_FIELDS),
    ends: new Int32Array(MOST_FIELDS),
    fields: 0,
    line: 0,
    terminated: true,
  };
  readonly #event: WriteEvent;
  #held: Row[] = [];
  #heldBytes = 0;
  /** The length for which rows are stored, and how many rows of it have come. */
  #waitingFor: { fields: number; rows: number } | undefined;

  constructor(receive: (event: WriteEvent) => void, given: readonly Layout[] = []) {
    this.#receive = receive;
    this.#candidates = new Candidates(given);
    this.#event = {
      line: 0,
      step: 0,
      kind: { id: 0, action: "", reason: "", code: 0, warmUp: false },
      memSize: 0,
      shadowSize: Number.NaN,
      simMax: Number.NaN,
      k3Sim: Number.NaN,
      entropy: Number.NaN,
      surprise: Number.NaN,
      score: Number.NaN,
    };
  }

  push(piece: Uint8Array): void {
    this.#splitter.push(piece);
  }

  finish(): void {
    this.#splitter.finish();
    while (this.#waitingFor !== undefined) this.#drain(this.#waitingFor.fields);
  }

  get kinds(): readonly Kind[] {
    return this.#kinds.list;
  }

  get lines(): number {
    return this.#splitter.lines;
  }

  get blankLines(): number {
    return this.#splitter.blankLines;
  }

  get layouts(): UsedLayout[] {
    return this.#candidates.used();
  }

  /**
   * Reads a line in one pass if the latest row with this action and reason had a layout that allows it. Returns -1 if
   * not.
   */
  #whole(bytes: Uint8Array, from: number, end: number, line: number): number {
    if (this.#waitingFor !== undefined) return -1;
    const stepEnd = digitsEnd(bytes, from);
    if (stepEnd === from || stepEnd - from > 9 || bytes[stepEnd] !== COMMA) return -1;
    const action = stepEnd + 1;
    const actionEnd = wordEnd(bytes, action);
    if (bytes[actionEnd] !== COMMA || !isWord(bytes, action, actionEnd)) return -1;
    const reason = actionEnd + 1;
    const reasonEnd = wordEnd(bytes, reason);
    if (bytes[reasonEnd] !== COMMA || !isWord(bytes, reason, reasonEnd)) return -1;
    const kind = this.#kinds.together(bytes, action, actionEnd, reasonEnd);
    const candidate = this.#usual[kind.id];
    if (candidate === undefined) return -1;
    const row = this.#wholeRow;
    const at = readPlain(candidate.plan, bytes, reasonEnd + 1, this.#values, row);
    // At `end` the log may continue. After a CR, an LF may follow, so the next byte must be there.
    if (at === -1 || at >= end) return -1;
    if (bytes[at] === CR ? at + 1 >= end || bytes[at + 1] !== LF : bytes[at] !== LF) return -1;
    this.#values[0] = wholeAt(bytes, from, stepEnd);
    row.bytes = bytes;
    row.line = line;
    row.fields = candidate.columns.length;
    row.starts[0] = from;
    row.ends[0] = stepEnd;
    row.starts[1] = action;
    row.ends[1] = actionEnd;
    row.starts[2] = reason;
    row.ends[2] = reasonEnd;
    this.#send(candidate, row, kind);
    return at;
  }

  #row(row: Row): void {
    if (this.#waitingFor === undefined) {
      if (!this.#placed(row)) this.#unknown(row);
      return;
    }
    this.#hold(row);
  }

  #placed(row: Row): boolean {
    const candidate = this.#candidates.of(row, this.#values);
    if (candidate === undefined) return false;
    const kind = this.#kindOf(candidate.plan, row);
    if (this.#candidates.isPlain(candidate)) this.#usual[kind.id] = candidate;
    this.#send(candidate, row, kind);
    return true;
  }

  #kindOf({ at: { action, reason } }: Plan, { bytes, starts, ends }: Row): Kind {
    const [from, to] = reason === NO_PLACE ? [0, 0] : [starts[reason] as number, ends[reason] as number];
    return this.#kinds.of(bytes, starts[action] as number, ends[action] as number, from, to);
  }

  #send(candidate: Candidate, row: Row, kind: Kind): void {
    if (candidate.rows === 0) candidate.firstLine = row.line;
    candidate.rows += 1;
    candidate.lastLine = row.line;
    this.events += 1;
    if (!row.terminated) this.lastLineCut = true;
    const { plan } = candidate;
    const { at } = plan;
    const values = this.#values;
    this.trust?.see(plan, row, values);
    const event = this.#event;
    event.line = row.line;
    event.step = values[at.step] as number;
    event.kind = kind;
    event.memSize = values[at.mem_size] as number;
    event.shadowSize = values[at.shadow_size] as number;
    event.simMax = values[at.sim_max] as number;
    event.k3Sim = values[at.k3_sim] as number;
    event.entropy = values[at.entropy] as number;
    event.surprise = values[at.surprise] as number;
    event.score = values[at.score] as number;
    this.#receive(event);
  }

  #unknown(row: Row): void {
    const names = headerNames(row);
    if (names !== undefined) {
      this.#header(row.line, names);
      return;
    }
    if (!this.#mayBeInferred(row.fields)) this.#refuse(row);
    else this.#hold(row);
  }

  #learnt(layout: Layout, source: LayoutSource): void {
    this.#candidates.learn(layout, source);
    this.#usual = [];
  }

  #header(line: number, columns: readonly string[]): void {
    // A program that is started again may write the header again. A reader trusts the first one.
    if (columns.includes("mem_size")) this.#learnt(headerLayout(columns), "header");
    if (this.headers.length === 0) this.trust = new HeaderTrust(columns, this.#candidates.all());
    if (this.headers.length < MOST_HEADERS) this.headers.push({ line, columns });
  }

  #mayBeInferred(fields: number): boolean {
    if (fields < 4 || fields > MOST_INFERRED_FIELDS || this.#decided.has(fields)) return false;
    // If rows of this length fitted a layout, a row that does not fit is a bad row, not a new layout.
    return !this.#candidates.havePlaced(fields);
  }

  #hold(row: Row): void {
    const held = heldRow(row);
    this.#held.push(held);
    this.#heldBytes += held.bytes.length + 8 * held.fields + ROW_BYTES;
    this.#waitingFor ??= { fields: row.fields, rows: 0 };
    if (row.fields === this.#waitingFor.fields) this.#waitingFor.rows += 1;
    if (
      this.#waitingFor.rows >= ENOUGH_UNKNOWN ||
      this.#held.length >= MOST_HELD_ROWS ||
      this.#heldBytes > MOST_HELD_BYTES
    )
      this.#drain(this.#waitingFor.fields);
  }

  /** Infers the layout for the length that rows were stored for, and then reads the stored rows in their order. */
  #drain(fields: number): void {
    const header = this.headers[0]?.columns;
    const known = header?.includes("mem_size") === true ? header : BASE_COLUMNS;
    const layout = inferLayout(known, this.#unknownRows(fields));
    // This is decided once: rows that do not fit the inferred layout fit none.
    this.#decided.add(fields);
    if (layout !== undefined) this.#learnt(layout, "inferred");
    const rows = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#waitingFor = undefined;
    for (const row of rows) this.#row(row);
  }

  /** The stored rows of this length. Each has `mem_size` of the row before it, if that row fits a layout. */
  #unknownRows(fields: number): Unknown[] {
    let memSizeBefore = this.events === 0 ? undefined : this.#event.memSize;
    const unknown: Unknown[] = [];
    for (const row of this.#held) {
      if (row.fields === fields) {
        unknown.push({ row, memSizeBefore });
        memSizeBefore = undefined;
        continue;
      }
      const candidate = this.#candidates.of(row, this.#values);
      if (candidate !== undefined) memSizeBefore = this.#values[candidate.plan.at.mem_size];
    }
    return unknown;
  }

  #refuse(row: Row): void {
    const { line, fields, starts, ends, bytes } = row;
    const kept = Math.min(fields, MOST_FIELDS);
    this.unplaced.add({
      line,
      fields,
      why: this.#candidates.whyNot(row, this.#values),
      beginning: excerpt(bytes.subarray(starts[0], ends[kept - 1])),
    });
  }
}

/** End of a word of ordinary bytes. */
function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes[at] as number) > COMMA) at += 1;
  return at;
}

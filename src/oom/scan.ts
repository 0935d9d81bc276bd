import type { ByteSource } from "./byte-source.js";
import type { Draft } from "./draft.js";
import type { LogFacts } from "./facts.js";
import { FACT_NEEDLES, FACT_REACH, FactCollector } from "./facts.js";
import type { Grammar } from "./grammar/grammar.js";
import { GRAMMARS } from "./grammar/index.js";
import { LogWindow } from "./log-window.js";
import { needleSet } from "./needles.js";
import { bestReading } from "./reading.js";
import { recordOf } from "./record-of.js";
import type { OomRecord } from "./record.js";
import { View } from "./view.js";

export interface FoundReport {
  record: OomRecord;
  /** What the log had said up to it. */
  facts: LogFacts;
}

export interface ScanResult {
  reports: FoundReport[];
  facts: LogFacts;
  bytes: number;
  /** Found beyond the most that are kept. */
  omittedReports: number;
}

const CHUNK = 1 << 20;
/** Longest that a report may be after its first needle: V8's with a stack between its collections and its words. */
const AHEAD = 20 << 10;
/** How far before its first needle a report may begin: V8's collections. */
const BACK = 8 << 10;
/** Bytes that are made into one view; needles in the same stretch share it. */
const STRETCH = 64 << 10;
/** After so many bytes the kernel's killer is taken to have killed nobody that the log names. */
const LONGEST_EPISODE = 1 << 20;
/** More reports than anyone reads: a process that runs out in a loop must not fill this one's memory. */
const MOST_REPORTS = 10_000;

/** All needles with what looks on at each; the needles of facts have no grammars. */
const NEEDLES: { needle: string; grammars: Grammar[] }[] = [
  ...new Set([...GRAMMARS.flatMap(({ needles }) => needles), ...FACT_NEEDLES]),
].map((needle) => ({ needle, grammars: GRAMMARS.filter(({ needles }) => needles.includes(needle)) }));
const SET = needleSet(NEEDLES.map(({ needle }) => needle));

/** Finds every report of a log in one pass, in memory that does not grow with the log. */
export async function scanLog(source: ByteSource): Promise<ScanResult> {
  const scanner = new Scanner();
  for await (const piece of source) scanner.push(piece);
  return scanner.finish();
}

class Scanner {
  readonly #window = new LogWindow(CHUNK + BACK + AHEAD + STRETCH);
  readonly #reports: FoundReport[] = [];
  readonly #facts = new FactCollector();
  /** Needles before it have been looked at. */
  #searched = 0;
  /** Bytes before it belong to reports. */
  #consumed = 0;
  #view: View | undefined;
  #omitted = 0;
  #open: { record: OomRecord; facts: LogFacts; end: number } | undefined;

  push(piece: Buffer): void {
    for (let taken = 0; taken < piece.length;) {
      taken += this.#window.append(piece.subarray(taken));
      if (this.#window.free === 0) this.#search(false);
    }
  }

  finish(): ScanResult {
    this.#search(true);
    this.#close();
    this.#reports.sort((one, other) => one.record.line - other.record.line);
    return {
      reports: this.#reports,
      facts: this.#facts.snapshot(),
      bytes: this.#window.end,
      omittedReports: this.#omitted,
    };
  }

  #search(atEnd: boolean): void {
    const window = this.#window;
    // What begins later may not be held to its end yet.
    const limit = atEnd ? window.end : Math.max(this.#searched, window.end - AHEAD);
    const { start } = window;
    SET.search(window.buffer, this.#searched - start, limit - start, window.end - start, (at, needle) => {
      this.#look(start + at, NEEDLES[needle]?.grammars ?? []);
    });
    this.#searched = limit;
    this.#view = undefined;
    window.dropBefore(limit - BACK - STRETCH / 2);
  }

  #look(offset: number, grammars: readonly Grammar[]): void {
    const window = this.#window;
    if (grammars.length === 0) {
      const before = window.latin1(Math.max(window.start, offset - 60), offset);
      const text = window.latin1(offset, Math.min(window.end, offset + FACT_REACH));
      this.#facts.add(text, before, () => window.lineAt(offset));
      return;
    }
    if (offset < this.#consumed) return;
    const view = this.#viewAround(offset);
    const place = { view, at: view.indexOf(offset), floor: view.indexOf(this.#consumed) };
    for (const grammar of grammars) {
      const draft = bestReading(grammar, place);
      if (draft === undefined) continue;
      this.#consumed = Math.max(offset + 1, draft.view.offsetOf(draft.end - 1) + 1);
      this.#add(draft);
      return;
    }
  }

  #viewAround(offset: number): View {
    const window = this.#window;
    const held = this.#view?.stretch;
    if (held !== undefined && this.#view !== undefined) {
      const end = held.offset + held.raw.length;
      const enough = end - offset >= AHEAD || end === window.end;
      if (enough && (offset - held.offset >= BACK || held.offset === window.start)) return this.#view;
    }
    const earliest = Math.max(window.start, offset - BACK);
    // A report's own line must be whole where lines are of an ordinary length.
    const from = window.lineStart(earliest, Math.min(BACK, earliest - window.start)) ?? earliest;
    const to = Math.min(window.end, from + STRETCH);
    this.#view = new View({
      raw: window.latin1(from, to),
      offset: from,
      line: window.lineAt(from),
      atLineStart: from === 0 || window.lineStart(from, 1) === from,
    });
    return this.#view;
  }

  #add(draft: Draft): void {
    const record = recordOf(draft);
    const end = draft.view.offsetOf(draft.end - 1) + 1;
    const facts = this.#facts.snapshot();
    if (draft.part === undefined) {
      this.#keep({ record, facts });
      return;
    }
    const pending = this.#open;
    if (pending !== undefined && (draft.part === "beginning" || end - pending.end > LONGEST_EPISODE))
      this.#close();
    const merged = this.#open === undefined ? record : joined(this.#open.record, record);
    this.#open = { record: merged, facts, end };
    if (draft.part === "closing") this.#close();
  }

  #close(): void {
    if (this.#open !== undefined) this.#keep({ record: this.#open.record, facts: this.#open.facts });
    this.#open = undefined;
  }

  #keep(report: FoundReport): void {
    if (this.#reports.length < MOST_REPORTS) this.#reports.push(report);
    else this.#omitted += 1;
  }
}

/** A report whose parts stand apart: it begins where the first does and says what any of them says. */
function joined(first: OomRecord, later: OomRecord): OomRecord {
  return {
    ...later,
    line: first.line,
    ranges: { ...first.ranges, ...later.ranges },
    textRanges: { ...first.textRanges, ...later.textRanges },
    details: { ...first.details, ...later.details },
  };
}

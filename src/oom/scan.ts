import type { ByteSource } from "../base/byte-source.js";
import { isInDocument, TEXT_AFTER, TEXT_BEFORE } from "./document.js";
import type { Draft } from "./draft.js";
import type { LogFacts } from "./facts.js";
import { FACT_NEEDLES, FACT_REACH, FactCollector } from "./facts.js";
import type { Needle } from "./gate.js";
import { GateSet, textBefore } from "./gate.js";
import type { Finding, Grammar, Place } from "./grammar/grammar.js";
import { GRAMMARS } from "./grammar/index.js";
import { LogWindow } from "./log-window.js";
import { needleSet } from "./needles.js";
import { bestReading } from "./reading.js";
import { isQuoted } from "./quoted.js";
import { recordOf } from "./record-of.js";
import type { Certainty, OomRecord } from "./record.js";
import type { Extent } from "./view-cache.js";
import { ViewCache } from "./view-cache.js";

export interface FoundReport {
  record: OomRecord;
  /** What the log said before the report. */
  facts: LogFacts;
  certainty: Certainty;
  /** What the message itself means, if its grammar says so. */
  finding: Finding | undefined;
  /** Whether it stands in a document that shows it. */
  inDocument: boolean;
}

export interface ScanResult {
  reports: FoundReport[];
  /** Reports that documentation or a program's source shows; see `isInDocument`. */
  quoted: FoundReport[];
  facts: LogFacts;
  bytes: number;
  /** Reports that were found but not kept, because there are too many. */
  omittedReports: number;
}

/** Bytes that are searched in one step. */
const CHUNK = 1 << 20;
/**
 * Most bytes of a report after its first needle. V8's is the longest, with a stack between its collections
 * and its final words.
 */
const AHEAD = 20 << 10;
/** Most bytes of a report before its first needle: V8's collections. */
const BACK = 8 << 10;
/** Bytes of one view of a report. */
const STRETCH = 64 << 10;
const WIDE: Extent = { back: BACK, ahead: AHEAD, length: STRETCH, most: STRETCH };
/** Enough bytes to see whether there is a report at all: no grammar needs more for its first words. */
const NEAR: Extent = { back: 1 << 10, ahead: 2 << 10, length: 7 << 9, most: STRETCH };
/**
 * If the kernel's OOM killer names no killed process within so many bytes, it is taken to have killed none.
 */
const LONGEST_EPISODE = 1 << 20;
/** Within so many bytes after a report, general words are its own end: the system's message for its error number. */
const SAME_FAILURE = 120;
/** So far behind general words a grammar may still find that they begin its own report. */
const GENERAL_REACH = 700;
/**
 * Most reports that are kept. A process that runs out of memory in a loop must not fill the memory of this
 * one.
 */
const MOST_REPORTS = 10_000;

const NEWLINE = Buffer.from("\n");

interface Watched {
  needle: string;
  /** Grammars that read at this needle if their gate lets it through; undefined for needles of facts. */
  gates: GateSet<Grammar> | undefined;
}

const NEEDLES: Watched[] = watchedNeedles();
const SET = needleSet(NEEDLES.map(({ needle }) => needle));

function watchedNeedles(): Watched[] {
  const byText = new Map<string, { reader: Grammar; needle: Needle }[]>();
  for (const reader of GRAMMARS)
    for (const needle of reader.needles) {
      const same = byText.get(needle.text);
      if (same === undefined) byText.set(needle.text, [{ reader, needle }]);
      else same.push({ reader, needle });
    }
  return [
    ...[...byText].map(([needle, all]) => ({ needle, gates: new GateSet(all) })),
    ...FACT_NEEDLES.filter((needle) => !byText.has(needle)).map((needle) => ({ needle, gates: undefined })),
  ];
}

/** Finds every report of a log in one pass. The memory it needs does not grow with the log. */
export async function scanLog(source: ByteSource, chunk = CHUNK): Promise<ScanResult> {
  const scanner = new LogScanner(chunk);
  for await (const piece of source) scanner.push(piece);
  return scanner.finish();
}

/** Searches a log as it comes. */
export class LogScanner {
  readonly #window: LogWindow;
  readonly #reports: FoundReport[] = [];
  readonly #quoted: FoundReport[] = [];
  readonly #facts = new FactCollector();
  /** Offset up to which all needles were checked. */
  #searched = 0;
  /** Offset up to which bytes belong to reports that were found. */
  #consumed = 0;
  readonly #near = new ViewCache(NEAR);
  readonly #wide = new ViewCache(WIDE);
  #omitted = 0;
  /** What a general grammar read, until the search has passed its end. */
  #general: { found: FoundReport; end: number } | undefined;
  #open: (FoundReport & { end: number }) | undefined;

  constructor(chunk = CHUNK) {
    this.#window = new LogWindow(chunk + BACK + AHEAD + STRETCH);
  }

  push(piece: Buffer): void {
    for (let taken = 0; taken < piece.length;) {
      taken += this.#window.append(piece.subarray(taken));
      if (this.#window.free === 0) this.#search(false);
    }
  }

  /** The reports up to here that were not taken before; the log must not end within one. */
  take(): ScanResult {
    this.#search(true);
    this.#settle();
    this.#close();
    const reports = this.#reports.splice(0);
    return {
      reports,
      quoted: this.#quoted.splice(0),
      facts: this.#facts.snapshot(),
      bytes: this.#window.end,
      omittedReports: this.#omitted,
    };
  }

  finish(): ScanResult {
    const { end } = this.#window;
    // Some words are a report only if their line ends with them.
    if (this.#window.free > 0) this.#window.append(NEWLINE);
    this.#search(true);
    this.#settle();
    this.#close();
    for (const reports of [this.#reports, this.#quoted])
      reports.sort((one, other) => one.record.line - other.record.line);
    return {
      reports: this.#reports,
      quoted: this.#quoted,
      facts: this.#facts.snapshot(),
      bytes: end,
      omittedReports: this.#omitted,
    };
  }

  #search(atEnd: boolean): void {
    const window = this.#window;
    // The end of a report that begins after this may not be in memory yet.
    const limit = atEnd ? window.end : Math.max(this.#searched, window.end - AHEAD);
    const { start } = window;
    SET.search(window.buffer, this.#searched - start, limit - start, window.end - start, (at, needle) => {
      const watched = NEEDLES[needle];
      if (watched === undefined) return;
      if (watched.gates === undefined) this.#collect(start + at);
      else this.#look(start + at, at + watched.needle.length, watched.gates);
    });
    this.#searched = limit;
    this.#near.clear();
    this.#wide.clear();
    window.dropBefore(limit - BACK - STRETCH / 2);
  }

  #collect(offset: number): void {
    const window = this.#window;
    const before = window.latin1(Math.max(window.start, offset - 60), offset);
    const text = window.latin1(offset, Math.min(window.end, offset + FACT_REACH));
    this.#facts.add(text, before, () => window.lineAt(offset));
  }

  #look(offset: number, after: number, gates: GateSet<Grammar>): void {
    if (offset < this.#consumed) return;
    const { buffer, start, end } = this.#window;
    const readers = gates.at(buffer, after, end - start);
    if (readers.length === 0) return;
    if (this.#general !== undefined && offset >= this.#general.end + GENERAL_REACH) this.#settle();
    if (offset < this.#consumed) return;
    const at = offset - start;
    let near: Place | undefined;
    let text: string | undefined;
    let tried: Grammar | undefined;
    const before = (): string => (text ??= textBefore(buffer, at));
    for (const { reader: grammar, gate } of readers) {
      if (grammar === tried || !gate.admits(buffer, after, end - start, before)) continue;
      tried = grammar;
      // Tries a small view first: a large view takes long to make, and most of the remaining places are
      // prose.
      near ??= this.#placeOf(offset, this.#near);
      if (bestReading(grammar, near) === undefined) continue;
      const draft = bestReading(grammar, this.#placeOf(offset, this.#wide));
      if (draft === undefined) continue;
      const past = Math.max(offset + 1, draft.view.offsetOf(draft.end - 1) + 1);
      if (grammar.general === true) {
        this.#hold(draft, past);
        continue;
      }
      if (this.#general !== undefined && draft.view.offsetOf(draft.start) <= this.#general.end)
        this.#general = undefined;
      this.#settle();
      this.#consumed = past;
      if (!isQuoted(draft)) this.#add(draft);
      return;
    }
  }

  /** Keeps general words until it is known whether another grammar reads more there. */
  #hold(draft: Draft, after: number): void {
    const start = draft.view.offsetOf(draft.start);
    const end = Math.max(this.#general?.end ?? 0, this.#consumed);
    const follows = end > 0 && start < end + SAME_FAILURE;
    if (isQuoted(draft)) return;
    if (follows) {
      if (this.#general !== undefined) this.#general.end = Math.max(this.#general.end, after);
      return;
    }
    this.#settle();
    this.#general = { found: this.#found(draft), end: after };
  }

  #placeOf(offset: number, views: ViewCache): Place {
    const view = views.around(this.#window, offset);
    return { view, at: view.indexOf(offset), floor: view.indexOf(this.#consumed) };
  }

  /** Keeps what a general grammar read, if no other grammar read more there. */
  #settle(): void {
    if (this.#general === undefined) return;
    const { found, end } = this.#general;
    this.#general = undefined;
    this.#consumed = Math.max(this.#consumed, end);
    this.#keep(found);
  }

  #found(draft: Draft): FoundReport {
    return {
      record: recordOf(draft),
      facts: this.#facts.snapshot(),
      certainty: draft.certainty,
      finding: draft.finding,
      inDocument: this.#isInDocument(draft),
    };
  }

  #isInDocument({ view, start, end }: Draft): boolean {
    const window = this.#window;
    const from = view.offsetOf(start);
    const to = view.offsetOf(end - 1) + 1;
    return isInDocument(
      window.latin1(Math.max(window.start, from - TEXT_BEFORE), from),
      window.latin1(to, Math.min(window.end, to + TEXT_AFTER)),
    );
  }

  #add(draft: Draft): void {
    const found = this.#found(draft);
    const { record } = found;
    const end = draft.view.offsetOf(draft.end - 1) + 1;
    if (draft.part === undefined) {
      this.#keep(found);
      return;
    }
    const pending = this.#open;
    if (pending !== undefined && (draft.part === "beginning" || end - pending.end > LONGEST_EPISODE))
      this.#close();
    const merged = this.#open === undefined ? record : joined(this.#open.record, record);
    this.#open = { ...found, record: merged, end };
    if (draft.part === "closing") this.#close();
  }

  #close(): void {
    if (this.#open !== undefined) {
      const { record, facts, certainty, finding, inDocument } = this.#open;
      this.#keep({ record, facts, certainty, finding, inDocument });
    }
    this.#open = undefined;
  }

  #keep(report: FoundReport): void {
    const reports = report.inDocument ? this.#quoted : this.#reports;
    if (reports.length < MOST_REPORTS) reports.push(report);
    else this.#omitted += 1;
  }
}

/** Joins the parts of a report: it begins where the first part begins and has what any part says. */
function joined(first: OomRecord, later: OomRecord): OomRecord {
  return {
    ...later,
    line: first.line,
    ranges: { ...first.ranges, ...later.ranges },
    textRanges: { ...first.textRanges, ...later.textRanges },
    details: { ...first.details, ...later.details },
  };
}

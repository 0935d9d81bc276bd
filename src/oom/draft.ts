import type { Quantity } from "./quantity.js";
import { quantity } from "./quantity.js";
import type { Finding } from "./grammar/grammar.js";
import type { Certainty, Details, FigureName, ProcessScope, Range, ReservedKind } from "./record.js";
import { FIGURES } from "./record.js";
import type { View } from "./view.js";

interface Figure extends Quantity {
  /** Its position in the text of the view. */
  place: Range;
}

const isFigure = (name: string): name is FigureName => (FIGURES as readonly string[]).includes(name);

const COUNTS = /^(?:pid|count|exitCode)$|Tokens$/;

/**
 * What a grammar has read so far. The named groups of a match fill it. A figure of the record and any other
 * `...Bytes` go under their own names, `gpuIndex`, `pid`, `count` and `...Tokens` become numbers, others become
 * text. The grammar itself uses the names that begin with an underscore.
 */
export class Draft {
  readonly view: View;
  framework: string;
  start: number;
  end: number;
  gpuIndex: number | undefined;
  processScope: ProcessScope | undefined;
  reservedKind: ReservedKind | undefined;
  /** Which part of a report this is, if its parts stand apart in a log; absent for a complete report. */
  part: "beginning" | "opening" | "closing" | undefined;
  /** Number of matches that it was read from. */
  clauses = 0;
  certainty: Certainty = "certain";
  /** What the message itself means, if its grammar says so. */
  finding: Finding | undefined;
  readonly figures = new Map<string, Figure>();
  readonly details: Details = {};

  constructor(view: View, framework: string, match: RegExpExecArray) {
    this.view = view;
    this.framework = framework;
    this.start = match.index;
    this.end = match.index;
    this.take(match);
  }

  take(match: RegExpExecArray): this {
    this.clauses += 1;
    this.end = Math.max(this.end, match.index + match[0].length);
    for (const [name, text] of Object.entries(match.groups ?? {}) as [string, string | undefined][]) {
      const place = match.indices?.groups?.[name];
      if (text === undefined || place === undefined || name.startsWith("_")) continue;
      if (name.endsWith("Bytes")) this.setPrinted(name, text, place);
      else if (name === "gpuIndex") this.gpuIndex ??= Number(text);
      else if (COUNTS.test(name)) Object.assign(this.details, { [name]: Number(text.replaceAll(",", "")) });
      else Object.assign(this.details, { [name]: this.view.asPrinted(place[0], place[1]) });
    }
    return this;
  }

  /** Reads the pattern if it follows directly after what was read. */
  accept(pattern: RegExp): RegExpExecArray | undefined {
    const match = matchAt(this.view, pattern, this.end);
    if (match !== undefined) this.take(match);
    return match;
  }

  /** Reads the first match within `reach` characters after what was read. */
  seek(pattern: RegExp, reach: number): RegExpExecArray | undefined {
    const match = findIn(this.view, pattern, this.end, this.end + reach);
    if (match !== undefined) this.take(match);
    return match;
  }

  set(name: string, value: Quantity, place: Range): void {
    this.figures.set(name, { ...value, place });
    if (!isFigure(name)) Object.assign(this.details, { [name]: value.bytes });
  }

  bytes(name: string): number | undefined {
    return this.figures.get(name)?.bytes;
  }

  /** How much was read; used to choose between two readings of one text. */
  get weight(): number {
    const details = Object.keys(this.details).length;
    return this.figures.size + details + (this.gpuIndex === undefined ? 0 : 1) + this.clauses;
  }

  /** Sets a figure from its text, such as "2.10GiB". */
  setPrinted(name: string, text: string, place: Range): void {
    const value = quantity(text);
    if (value !== undefined) this.set(name, value, place);
  }
}

function matchAt(view: View, pattern: RegExp, index: number): RegExpExecArray | undefined {
  pattern.lastIndex = index;
  return pattern.exec(view.text) ?? undefined;
}

/** The first match that begins and ends in [from, to). Positions count from the start of the text. */
export function findIn(view: View, pattern: RegExp, from: number, to: number): RegExpExecArray | undefined {
  const begin = Math.max(0, from);
  // The slice limits the search. Otherwise each needle in prose would cost a search of the whole stretch.
  pattern.lastIndex = 0;
  const match = pattern.exec(view.text.slice(begin, to));
  if (match === null) return undefined;
  match.index += begin;
  const { groups } = match.indices ?? {};
  if (groups !== undefined) {
    for (const [name, place] of Object.entries(groups) as [string, Range | undefined][])
      if (place !== undefined) groups[name] = [place[0] + begin, place[1] + begin];
  }
  return match;
}

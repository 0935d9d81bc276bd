import type { Quantity } from "./quantity.js";
import { quantity } from "./quantity.js";
import type { Details, FigureName, ProcessScope, Range, ReservedKind } from "./record.js";
import { FIGURES } from "./record.js";
import type { View } from "./view.js";

interface Figure extends Quantity {
  /** Where it stands in the view's text. */
  place: Range;
}

const isFigure = (name: string): name is FigureName => (FIGURES as readonly string[]).includes(name);

/**
 * What a grammar has read so far. The named groups of a match fill it: a figure of the record or a further
 * `...Bytes` under its own name, `gpuIndex`, `pid` and `...Tokens` as numbers, other names as text; names
 * with an underscore before them are the grammar's own.
 */
export class Draft {
  readonly view: View;
  framework: string;
  start: number;
  end: number;
  gpuIndex: number | undefined;
  processScope: ProcessScope | undefined;
  reservedKind: ReservedKind | undefined;
  /** Of a report whose parts stand apart in a log; absent for one that is whole. */
  part: "beginning" | "opening" | "closing" | undefined;
  /** How many matches it was read from. */
  clauses = 0;
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
      else if (name === "pid" || name.endsWith("Tokens"))
        Object.assign(this.details, { [name]: Number(text.replaceAll(",", "")) });
      else Object.assign(this.details, { [name]: this.view.asPrinted(place[0], place[1]) });
    }
    return this;
  }

  /** Takes what follows the end of what was read, if it does. */
  accept(pattern: RegExp): RegExpExecArray | undefined {
    const match = matchAt(this.view, pattern, this.end);
    if (match !== undefined) this.take(match);
    return match;
  }

  /** Takes the first match within `reach` characters after what was read. */
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

  /** How much was read, to choose between two readings of one text. */
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

/** A match that begins exactly at `index`; the pattern is sticky. */
function matchAt(view: View, pattern: RegExp, index: number): RegExpExecArray | undefined {
  pattern.lastIndex = index;
  return pattern.exec(view.text) ?? undefined;
}

/** The first match that begins and ends in [from, to), with places that count from the start of the text. */
export function findIn(view: View, pattern: RegExp, from: number, to: number): RegExpExecArray | undefined {
  const begin = Math.max(0, from);
  // A slice bounds the search, which would otherwise run over the whole stretch for each needle of prose.
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

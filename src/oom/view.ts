import { largestOf } from "../base/stats/extremes.js";
import { commonPrefix, knownPrefix, sharedPrefix } from "./line-prefix.js";
import { plain, withoutCodes } from "./terminal-codes.js";

/** Narrowest terminal or column that wraps lines, in characters. */
const NARROWEST = 30;
/** Lines on each side of a line that show what a logger puts before it. */
const NEIGHBOURS = 4;
/** Characters of a line that are searched for its prefix. */
const LONGEST_LINE = 200;

/** Line ends, also as they are written in a JSON string. */
const LINE_END = /\r?\n|\r|\\r\\n|\\n|<br\s?\/?>/g;

/**
 * Stands between two digits that a line end separates. They may be one number that a terminal wrapped, or two
 * numbers. The text is read with this mark first, and then without it if that finds more.
 */
export const PARTED = "\u0001";

interface Line {
  /** Position in `raw`. */
  from: number;
  to: number;
  /** Index of its first character in the text. */
  start: number;
  /** Number of newlines of `raw` before it. */
  newlines: number;
  /** Number of its characters, and of those that belong to its prefix. */
  width: number;
  prefix: number;
  /** Whether the prefix contains more than white space. */
  marked: boolean;
}

const AMPERSAND = 0x26;
/** Signs as HTML writes them; non-breaking spaces become nothing, as all white space. */
const ENTITIES: Record<string, string> = {
  quot: '"',
  apos: "'",
  "#39": "'",
  "#x27": "'",
  "#34": '"',
  lt: "<",
  gt: ">",
  amp: "&",
  nbsp: "",
  "#160": "",
};
const ENTITY = new RegExp(`&(${Object.keys(ENTITIES).join("|")});`, "iy");
/** The right side of a box or a table, in UTF-8 read as Latin-1, of a line that has a left side. */
const SIDES = /^\s*(?:\||\xe2[\x94\x95][\x80-\xbf])/;
const RIGHT_SIDE = /\s*(?:\||\xe2[\x94\x95][\x80-\xbf])\s*$/;

function withoutSide(line: string): string {
  return SIDES.test(line) ? line.replace(RIGHT_SIDE, "") : line;
}

/** A stretch of the log from which a view is made. */
export interface Stretch {
  /** The bytes as Latin-1, so that a character is a byte; reports consist only of ASCII. */
  raw: string;
  offset: number;
  line: number;
  /** Whether it begins at the start of a line. */
  atLineStart: boolean;
}

export interface ViewOptions {
  /** This beginning is removed from all lines that have it. */
  prefix?: string;
  /** Reads digits before and after a line end as one number, if the line is as long as a wrapped one. */
  joinDigits?: boolean;
}

/**
 * A stretch of a log as one text without white space, control characters, colour codes and the prefixes of
 * lines. In this form a message reads the same however it was wrapped, indented or logged, so patterns need
 * not handle that.
 */
export class View {
  readonly text: string;
  readonly stretch: Stretch;
  readonly #places: Uint32Array;
  readonly #lines: Line[] = [];
  readonly #variants = new Map<string, View>();
  readonly #prefixes = new Map<number, string | undefined>();

  constructor(stretch: Stretch, options: ViewOptions = {}) {
    this.stretch = stretch;
    const { raw } = stretch;
    // Each line end may add one mark between digits, which is never longer than the line end was.
    const characters = Buffer.alloc(raw.length + 1);
    this.#places = new Uint32Array(raw.length + 1);
    const target: Target = { characters, places: this.#places, length: 0 };
    let newlines = 0;
    const addLine = (from: number, to: number): void => {
      const { text: whole, places } = plain(raw.slice(from, to));
      const text = withoutSide(whole);
      const shared = options.prefix === undefined ? 0 : sharedPrefix(options.prefix, text);
      const known = from > 0 || stretch.atLineStart ? knownPrefix(text.slice(shared)) : 0;
      const prefix = shared + known;
      const marked = text.slice(0, prefix).trim() !== "";
      const line: Line = { from, to, start: target.length, newlines, width: text.length, prefix, marked };
      const joined = options.joinDigits === true && mayContinue(this.#lines.at(-1), line);
      append(target, { text, prefix, from, places }, !joined);
      this.#lines.push(line);
    };
    let from = 0;
    for (const end of raw.matchAll(LINE_END)) {
      addLine(from, end.index);
      if (end[0].endsWith("\n") && !end[0].startsWith("\\")) newlines += 1;
      from = end.index + end[0].length;
    }
    addLine(from, raw.length);
    this.text = characters.toString("latin1", 0, target.length);
  }

  /** Offset in the log of a character's byte; the end of the text gives the end of the stretch. */
  offsetOf(index: number): number {
    const place = index < this.text.length ? this.#places[index] : undefined;
    return this.stretch.offset + (place ?? this.stretch.raw.length);
  }

  indexOf(offset: number): number {
    const place = offset - this.stretch.offset;
    let [low, high] = [0, this.text.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#places[middle] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A part of the text with its white space; without it if the part was wrapped. */
  asPrinted(from: number, to: number): string {
    const begin = this.#places[from] ?? 0;
    const end = (this.#places[to - 1] ?? 0) + 1;
    const printed = withoutCodes(this.stretch.raw.slice(begin, end));
    const shown = /[\r\n]/.test(printed) ? this.text.slice(from, to) : printed;
    return Buffer.from(shown, "latin1")
      .toString()
      .replaceAll(/\p{Cc}/gu, "");
  }

  lineNumberOf(index: number): number {
    return this.stretch.line + this.#lineAt(index).newlines;
  }

  /** The original line of a character in the log, and the part of it before the character. */
  rawLine(index: number): { text: string; before: string } {
    const { from, to } = this.#lineAt(index);
    const place = Math.max(from, this.offsetOf(index) - this.stretch.offset);
    const { raw } = this.stretch;
    return { text: raw.slice(from, to), before: withoutCodes(raw.slice(from, Math.min(place, to))) };
  }

  /** The text in the log before a character, up to `count` bytes, without line ends. */
  rawBefore(index: number, count: number): string {
    const place = this.offsetOf(index) - this.stretch.offset;
    return this.stretch.raw.slice(Math.max(0, place - count), place).replaceAll(/\s+/g, "");
  }

  /** Up to `count` whole lines before the line of a character, the nearest first. */
  *rawLinesBefore(index: number, count: number): Generator<string> {
    const own = this.#lineIndexAt(index);
    for (let at = own - 1; at >= Math.max(0, own - count); at -= 1) {
      const line = this.#lines[at];
      if (line !== undefined) yield this.stretch.raw.slice(line.from, line.to);
    }
  }

  /** Whether a terminal made the line end before a character: a terminal cuts all lines at one width. */
  isWrappedBefore(index: number): boolean {
    const at = this.#lineIndexAt(index);
    const before = this.#lines.slice(Math.max(0, at - NEIGHBOURS), at);
    return (
      mayContinue(before.at(-1), this.#lines[at]) &&
      (isFilled(before.map(({ width }) => width)) ||
        isFilled(before.map(({ width, prefix }) => width - prefix)))
    );
  }

  /**
   * The common beginning of the lines around a character's line, if it has no known form; see `commonPrefix`.
   */
  unknownPrefix(index: number): string | undefined {
    const at = this.#lineIndexAt(index);
    if (!this.#prefixes.has(at)) {
      const lines = this.#lines
        .slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1)
        .map(({ from, to }) => withoutCodes(this.stretch.raw.slice(from, Math.min(to, from + LONGEST_LINE))));
      const [own = ""] = lines.splice(Math.min(at, NEIGHBOURS), 1);
      this.#prefixes.set(
        at,
        commonPrefix(
          own,
          lines.filter((line) => line.trim() !== ""),
        ),
      );
    }
    return this.#prefixes.get(at);
  }

  variant(options: ViewOptions): View {
    const key = `${options.joinDigits === true ? "joined" : ""} ${(options.prefix ?? "").replaceAll(/\d+/g, "0")}`;
    let other = this.#variants.get(key);
    if (other === undefined) {
      other = new View(this.stretch, options);
      this.#variants.set(key, other);
    }
    return other;
  }

  /** Whether only a prefix stands before a character on its line; true for the end of the text too. */
  isLineStart(index: number): boolean {
    if (index >= this.text.length) return true;
    const { start } = this.#lineAt(index);
    return start === index || (start === index - 1 && this.text[start] === PARTED);
  }

  #lineAt(index: number): Line {
    const line = this.#lines[this.#lineIndexAt(index)];
    if (line === undefined) throw new Error("a view has at least one line");
    return line;
  }

  #lineIndexAt(index: number): number {
    let [low, high] = [0, this.#lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lines[middle]?.start ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The text of a view while it is made, and where in the stretch each character stands. */
interface Target {
  characters: Uint8Array;
  places: Uint32Array;
  length: number;
}

const SKIPPED = 1;
const UNUSUAL = 2;
/** What to do with each byte: 0 is kept. */
const KINDS = Uint8Array.from({ length: 256 }, (_, code) =>
  code <= 0x20 || code === 0x7f ? SKIPPED : code === 0xc2 || code === AMPERSAND ? UNUSUAL : 0,
);

/** Appends a line from `prefix` on without white space. `parts`: a mark between digits that its start separates. */
function append(
  target: Target,
  {
    text,
    prefix,
    from,
    places,
  }: { text: string; prefix: number; from: number; places: number[] | undefined },
  parts: boolean,
): void {
  const { characters, places: map } = target;
  let { length } = target;
  let parted = parts && length > 0 && isDigit(characters[length - 1] as number);
  for (let index = prefix; index < text.length; index += 1) {
    let code = text.charCodeAt(index);
    const place = from + (places === undefined ? index : (places[index] as number));
    const kind = KINDS[code];
    if (kind === SKIPPED) continue;
    if (kind === UNUSUAL) {
      // NBSP is C2 A0 in UTF-8.
      if (code === 0xc2 && text.charCodeAt(index + 1) === 0xa0) {
        index += 1;
        continue;
      }
      ENTITY.lastIndex = index;
      const entity = code === AMPERSAND ? ENTITY.exec(text) : null;
      if (entity !== null) {
        index += entity[0].length - 1;
        const sign = ENTITIES[(entity[1] ?? "").toLowerCase()] ?? "";
        if (sign === "") continue;
        code = sign.charCodeAt(0);
      }
    }
    if (parted && isDigit(code)) {
      characters[length] = PARTED.charCodeAt(0);
      map[length] = from;
      length += 1;
    }
    parted = false;
    characters[length] = code;
    map[length] = place;
    length += 1;
  }
  target.length = length;
}

/** Whether the last of some lines is as long as the longest, and another line is as long too. */
function isFilled(widths: readonly number[]): boolean {
  const last = widths.at(-1) ?? 0;
  return last === largestOf(widths) && widths.filter((width) => width === last).length >= 2;
}

/** Whether a line may continue the one before: that one is filled, and no logger prefix begins anew. */
function mayContinue(before: Line | undefined, line: Line | undefined): boolean {
  if (before === undefined || line === undefined || before.width < NARROWEST) return false;
  if (line.marked && !before.marked) return false;
  return before.width >= line.width - 1 || before.width - before.prefix >= line.width - line.prefix - 1;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/**
 * A string that occurs in the reports of a grammar, with conditions that separate reports from prose that
 * contains it too.
 */
export interface Needle {
  text: string;
  /**
   * One of these must follow; white space is ignored. In lower case and without blanks; `#` stands for
   * digits, `$` for a size such as 2.10GiB, a line feed for the end of the line. If absent, anything may
   * follow.
   */
  then?: readonly string[];
  /** One of these must stand shortly before, in one piece; in lower case. If absent, anything may. */
  near?: readonly string[];
  /** A number must follow on the same line, with words alone before it or with anything. */
  number?: "afterWords" | "onLine";
}

/** What may follow words that stand alone: the end of a line, a bracket or a quotation; for `then`. */
export const ENDS_ALONE: readonly string[] = ["\n", ...`. ) ] } | < " ' \``.split(" ")];

const LF = 0x0a;
const CR = 0x0d;
const ESCAPE = 0x1b;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const CARET = 0x5e;
/** `&nbsp;` and `<br>`. */
const ENTITY = 0x26;
const TAG = 0x3c;
/** The first bytes of line ends and colour codes. */
const BREAKS: ReadonlySet<number> = new Set([LF, CR, ESCAPE, BACKSLASH, BRACKET, CARET, ENTITY, TAG]);
const UNDERSCORE = 0x5f;
/** A non-breaking space in UTF-8. */
const NBSP_LEAD = 0xc2;
const NBSP = 0xa0;
const DIGITS = 0x23;
const SIZE = 0x24;

/** How many bytes back `near` looks, with room for the prefix of a wrapped line. */
const NEAR = 160;
/**
 * How many bytes after a line end a report may continue: the longest prefix of a logger and a little more.
 */
const RESUMES_WITHIN = 300;
/** So many characters must match for a line to count as the continuation of a report. */
const RESUMES_BY = 4;

/**
 * A prefilter: decides whether the bytes around a needle may belong to a report. It reads bytes and makes no
 * text, because prose may contain a needle in every line. If a line end or a colour code interrupts what it
 * looks for, it lets the bytes through.
 */
export class Gate {
  readonly #then: readonly Uint8Array[];
  readonly #near: readonly string[];
  readonly #number: Needle["number"];

  constructor({ then = [], near = [], number }: Needle) {
    this.#then = then.map((text) => Uint8Array.from(Buffer.from(text, "latin1")));
    this.#near = near;
    this.#number = number;
  }

  /**
   * The needle ends at `after`; only the bytes of [0, end) are known. `before` gives what `textBefore` does;
   * several gates of one place share it.
   */
  admits(bytes: Buffer, after: number, end: number, before: () => string): boolean {
    return (
      this.#isFollowed(bytes, after, end) &&
      (this.#number === undefined || hasNumber(bytes, after, end, this.#number === "onLine")) &&
      this.#isPreceded(before)
    );
  }

  #isFollowed(bytes: Buffer, after: number, end: number): boolean {
    for (const codes of this.#then) if (follows(bytes, after, end, codes)) return true;
    return this.#then.length === 0;
  }

  #isPreceded(before: () => string): boolean {
    if (this.#near.length === 0) return true;
    const text = before();
    for (const near of this.#near) if (text.includes(near)) return true;
    return false;
  }
}

/** The text before a needle that `near` is looked for in, in lower case. */
export function textBefore(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", Math.max(0, at - NEAR), at).toLowerCase();
}

/**
 * The gates of all readers of one needle, by the byte that follows it. This one look rejects most prose, and
 * most readers where it does not.
 */
export class GateSet<Reader> {
  readonly #all: Gated<Reader>[] = [];
  /** For bytes that no gate waits for. */
  readonly #always: Gated<Reader>[] = [];
  readonly #byByte = new Map<number, Gated<Reader>[]>();

  constructor(needles: readonly { reader: Reader; needle: Needle }[]) {
    const special = new Set<number>(BREAKS);
    for (const { reader, needle } of needles) {
      const gated = { reader, gate: new Gate(needle) };
      this.#all.push(gated);
      if (needle.then === undefined) this.#always.push(gated);
      else for (const byte of needle.then.flatMap(firstBytes)) special.add(byte);
    }
    for (const byte of special)
      this.#byByte.set(
        byte,
        this.#all.filter((_, index) => {
          const then = needles[index]?.needle.then;
          return (
            then === undefined || BREAKS.has(byte) || then.some((text) => firstBytes(text).includes(byte))
          );
        }),
      );
  }

  /** Those that what follows the needle at `after` may be for, in their order. */
  at(bytes: Buffer, after: number, end: number): readonly Gated<Reader>[] {
    const at = skipBlanks(bytes, after, end);
    return at >= end ? this.#all : (this.#byByte.get(lower(bytes[at] as number)) ?? this.#always);
  }
}

export interface Gated<Reader> {
  reader: Reader;
  gate: Gate;
}

const NUMBERS = Array.from({ length: 10 }, (_, digit) => 0x30 + digit);

/** The bytes with which a text of `then` can begin. */
function firstBytes(text: string): number[] {
  const code = text.charCodeAt(0);
  return code === DIGITS || code === SIZE ? NUMBERS : [code];
}

/** Whether the codes come next, as far as the bytes up to a line end or a colour code can show. */
function follows(bytes: Buffer, from: number, end: number, codes: Uint8Array): boolean {
  let at = from;
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] as number;
    at = skipBlanks(bytes, at, end);
    if (at >= end) return true;
    const byte = lower(bytes[at] as number);
    if (code === LF) return breaksAt(bytes, at, end);
    if (code === DIGITS && isDigit(byte)) {
      while (at < end && isDigit(bytes[at] as number)) at += 1;
    } else if (code === SIZE && isDigit(byte)) {
      return isSize(bytes, at, end);
    } else if (byte === code) {
      at += 1;
    } else {
      return breaksAt(bytes, at, end) && resumes(bytes, at, end, codes, index);
    }
  }
  return true;
}

/** How many bytes may stand before a number. */
const NUMBER_WITHIN = 130;

/** Whether a number follows on the line. Colour codes and entities may hide one. */
function hasNumber(bytes: Buffer, from: number, end: number, afterAnything: boolean): boolean {
  const to = Math.min(end, from + NUMBER_WITHIN);
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (isDigit(byte)) return true;
    if (byte === LF || byte === CR) return false;
    if (!afterAnything && !isWord(byte)) return breaksAt(bytes, at, end);
  }
  return to === end;
}

/** A letter, an underscore, or white space, also a non-breaking one. */
function isWord(byte: number): boolean {
  if (byte === ESCAPE) return false;
  return isLetter(lower(byte)) || byte <= 0x20 || byte === UNDERSCORE || byte === NBSP_LEAD || byte === NBSP;
}

/** Whether the rest of the codes, or the start of that rest, stands shortly after a line end. */
function resumes(bytes: Buffer, from: number, end: number, codes: Uint8Array, index: number): boolean {
  const wanted = Math.min(codes.length, index + RESUMES_BY);
  if (from + RESUMES_WITHIN > end) return true;
  for (let begin = from + 1; begin < from + RESUMES_WITHIN; begin += 1) {
    let at = begin;
    let next = index;
    while (next < wanted) {
      const byte = lower(bytes[at] as number);
      const code = codes[next] as number;
      if (byte !== code && !((code === DIGITS || code === SIZE) && isDigit(byte)) && code !== LF) break;
      next += 1;
      at = skipBlanks(bytes, at + 1, end);
    }
    if (next === wanted) return true;
  }
  return false;
}

/** A number followed by a unit, or a part of one before a line end. */
function isSize(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end && (isDigit(bytes[at] as number) || bytes[at] === 0x2e || bytes[at] === 0x2c)) at += 1;
  at = skipBlanks(bytes, at, end);
  if (at + 1 >= end || breaksAt(bytes, at, end)) return true;
  const [unit, next] = [lower(bytes[at] as number), lower(bytes[at + 1] as number)];
  // Accepts b, bytes, and k, m, g, t, p, e alone or before b or ib.
  if (unit === 0x62) return next === 0x79 || !isLetter(next);
  return "kmgtpe".includes(String.fromCharCode(unit)) && (next === 0x69 || next === 0x62 || !isLetter(next));
}

/** White space and control characters within a line, and non-breaking spaces. */
function skipBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === NBSP_LEAD && bytes[at + 1] === NBSP) at += 1;
    else if ((byte > 0x20 && byte !== 0x7f) || byte === LF || byte === CR || byte === ESCAPE) break;
  }
  return at;
}

/** A line end or a colour code, in any form that view.ts knows. */
function breaksAt(bytes: Buffer, at: number, end: number): boolean {
  const byte = bytes[at] as number;
  if (byte === LF || byte === CR || byte === ESCAPE || byte === BACKSLASH) return true;
  const next = at + 1 < end ? (bytes[at + 1] as number) : 0;
  // "[31m", "^[[31m"
  if ((byte === BRACKET && isDigit(next)) || (byte === CARET && next === BRACKET)) return true;
  return (
    (byte === ENTITY && (isLetter(lower(next)) || next === DIGITS)) || (byte === TAG && lower(next) === 0x62)
  );
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isLetter(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

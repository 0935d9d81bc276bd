/** A string that a grammar's reports hold, and what tells them from prose that holds it too. */
export interface Needle {
  /** In lower case. */
  text: string;
  /**
   * One of these follows, white space apart: in lower case and without blanks; `#` stands for digits, `$` for a size
   * such as 2.10GiB, a line feed for the end of the line. Absent: anything may follow.
   */
  then?: readonly string[];
  /** One of these stands shortly before, in one piece; in lower case. Absent: anything may. */
  near?: readonly string[];
}

const LF = 0x0a;
const CR = 0x0d;
const ESCAPE = 0x1b;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const CARET = 0x5e;
/** What a line end or a colour code begins with. */
const BREAKS = [LF, CR, ESCAPE, BACKSLASH, BRACKET, CARET];
const DIGITS = 0x23;
const SIZE = 0x24;

/** How far back `near` looks, with room for the prefix of a wrapped line. */
const NEAR = 160;
/** How far behind a line end a report goes on: the longest prefix of a logger and some more. */
const RESUMES_WITHIN = 300;
/** Characters that must be there for a line to go on as a report does. */
const RESUMES_BY = 4;

/**
 * Decides whether the bytes around a needle may be a report's. It reads bytes and makes no text, since prose may hold
 * a needle in every line; it errs on the side of a report wherever a line end or a colour code parts what it
 * looks for.
 */
export class Gate {
  readonly #then: readonly Uint8Array[];
  readonly #near: readonly Uint8Array[];

  constructor({ then = [], near = [] }: Needle) {
    this.#then = then.map((text) => Uint8Array.from(Buffer.from(text, "latin1")));
    this.#near = near.map((text) => Uint8Array.from(Buffer.from(text, "latin1")));
  }

  /** The needle stands at [at, after); only the bytes of [0, end) are known. */
  admits(bytes: Buffer, at: number, after: number, end: number): boolean {
    return this.#isFollowed(bytes, after, end) && this.#isPreceded(bytes, at);
  }

  #isFollowed(bytes: Buffer, after: number, end: number): boolean {
    for (const codes of this.#then) if (follows(bytes, after, end, codes)) return true;
    return this.#then.length === 0;
  }

  #isPreceded(bytes: Buffer, at: number): boolean {
    for (const codes of this.#near) if (precedes(bytes, at, codes)) return true;
    return this.#near.length === 0;
  }
}

/** The gates of one needle's several readers, by the first byte that follows it: one look turns most prose away. */
export class FirstByte {
  readonly #admitted = new Uint8Array(256);

  constructor(needles: readonly Needle[]) {
    for (const { then } of needles) {
      if (then === undefined) this.#admitted.fill(1);
      for (const text of then ?? []) this.#admit(text.charCodeAt(0));
    }
    for (const byte of BREAKS) this.#admitted[byte] = 1;
  }

  admits(bytes: Buffer, after: number, end: number): boolean {
    const at = skipBlanks(bytes, after, end);
    return at >= end || this.#admitted[lower(bytes[at] as number)] === 1;
  }

  #admit(code: number): void {
    this.#admitted[code] = 1;
    if (code === DIGITS || code === SIZE) this.#admitted.fill(1, 0x30, 0x3a);
  }
}

/** Whether the codes come next, as far as one can tell up to a line end or a colour code. */
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

/** Whether the rest of the codes, or their beginning, stands shortly behind a line end. */
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

/** A number with a unit behind it, or a part of one before a line end. */
function isSize(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end && (isDigit(bytes[at] as number) || bytes[at] === 0x2e || bytes[at] === 0x2c)) at += 1;
  at = skipBlanks(bytes, at, end);
  if (at + 1 >= end || breaksAt(bytes, at, end)) return true;
  const [unit, next] = [lower(bytes[at] as number), lower(bytes[at + 1] as number)];
  // b, bytes, and k, m, g, t, p, e alone or before b or ib.
  if (unit === 0x62) return next === 0x79 || !isLetter(next);
  return "kmgtpe".includes(String.fromCharCode(unit)) && (next === 0x69 || next === 0x62 || !isLetter(next));
}

function precedes(bytes: Buffer, at: number, codes: Uint8Array): boolean {
  const [first, length] = [codes[0], codes.length];
  for (let begin = at - length; begin >= Math.max(0, at - NEAR); begin -= 1) {
    if (lower(bytes[begin] as number) !== first) continue;
    let index = 1;
    while (index < length && lower(bytes[begin + index] as number) === codes[index]) index += 1;
    if (index === length) return true;
  }
  return false;
}

/** White space and control characters within a line, and non-breaking spaces. */
function skipBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 0xc2 && bytes[at + 1] === 0xa0) at += 1;
    else if ((byte > 0x20 && byte !== 0x7f) || byte === LF || byte === CR || byte === ESCAPE) break;
  }
  return at;
}

/** A line end or a colour code, in any of the spellings that view.ts knows. */
function breaksAt(bytes: Buffer, at: number, end: number): boolean {
  const byte = bytes[at] as number;
  if (byte === LF || byte === CR || byte === ESCAPE || byte === BACKSLASH) return true;
  const next = at + 1 < end ? (bytes[at + 1] as number) : 0;
  // "[31m", "^[[31m"
  return (byte === BRACKET && isDigit(next)) || (byte === CARET && next === BRACKET);
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

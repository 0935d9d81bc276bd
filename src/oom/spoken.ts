import type { Needle } from "./gate.js";
import { ENDS_ALONE } from "./gate.js";
import { compile } from "./pattern.js";

/** A message of a program, compiled: what matches it, and the strings that lead to it in a log. */
export interface Spoken {
  pattern: RegExp;
  needles: Needle[];
  /** The name of a word at the very beginning, which is not in the pattern: what stands before the match. */
  firstWord: string | undefined;
  /** The name of a word at the very end, which ends where its line does. */
  lastWord: string | undefined;
}

const HOLE = /\{(size|whole|number|digit|word|text|any)(?::(\w+))?\}/y;
const HOLES: Record<string, (name: string) => string> = {
  size: (name) => `{size:${name}}`,
  whole: (name) => `{whole:${name}}`,
  number: (name) => String.raw`(?<${name}>\d+(?:\.\d+)?)`,
  digit: () => String.raw`\d`,
  word: (name) => String.raw`(?<${name}>[\w.:@%/+~$<>\[\]\\-]{1,160}?)`,
  text: (name) => String.raw`(?<${name}>[^"\x01]{1,200}?)`,
  any: (most) => `[^]{0,${most === "" ? "120" : most}}?`,
};

/** Literal text in one piece, the kind of the hole that follows it, and its end in the message. */
interface Run {
  text: string;
  next: string | undefined;
  end: number;
}

/**
 * Compiles a message that is written as its program prints it. Text stands for itself, and these for what
 * changes: `{size:NAME}` a number with a unit, `{whole:NAME}` a whole number, `{number:NAME}` one with a
 * fraction, `{digit}` one digit, `{word:NAME}` a name or a path, `{text:NAME}` words, `{any:N}` anything of up
 * to N characters (120 if N is absent). `<<...>>` may be missing. `<<one||other>>` is one of the two and must be
 * there; `<<one||other||>>` may be missing.
 * `endsAlone`: only what ends a line or a quotation may follow; see grammar.ts.
 */
export function spoken(whole: string, endsAlone = false): Spoken {
  const [first, firstWord] = /^\{word:(\w+)\}\s*/.exec(whole) ?? ["", undefined];
  const message = whole.slice(first.length);
  let source = "";
  let current = "";
  /** For each open group, whether it lists alternatives. */
  const open: boolean[] = [];
  const runs: Run[] = [];
  let at = 0;
  const endRun = (next?: string): void => {
    if (open.length === 0 && current.trim() !== "") runs.push({ text: current, next, end: at });
    current = "";
  };
  while (at < message.length) {
    HOLE.lastIndex = at;
    const hole = HOLE.exec(message);
    const pair = message.slice(at, at + 2);
    if (hole !== null) {
      const [all, kind = "", name = ""] = hole;
      endRun(kind);
      source += HOLES[kind]?.(name) ?? "";
      at += all.length;
    } else if (pair === "<<") {
      endRun();
      open.push(false);
      source += "(?:";
      at += 2;
    } else if (pair === ">>") {
      endRun();
      source += open.pop() === true ? ")" : ")?";
      at += 2;
    } else if (pair === "||" && open.length > 0) {
      endRun();
      open[open.length - 1] = true;
      source += "|";
      at += 2;
    } else {
      source += literal(message.charAt(at));
      current += message.charAt(at);
      at += 1;
    }
  }
  endRun();
  const [, lastWord] = /\{word:(\w+)\}$/.exec(message) ?? [];
  return {
    pattern: compile(source, "dg"),
    needles: needlesOf(runs, message.toLowerCase(), endsAlone ? ENDS_ALONE : [""]),
    firstWord,
    lastWord,
  };
}

/** Quotes of any kind are equal, and may be escaped, as in a JSON string. */
function literal(character: string): string {
  if (/["'`]/.test(character)) return `\\\\?["'\`]`;
  return character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

const PIECE = 14;
const SHORTEST_PIECE = 8;
const MOST_NEEDLES = 3;
/** Characters after a needle, and before it, that its gate compares. */
const THEN = 8;
const NEAR = 10;
/** Most ways through the groups of a message that a gate compares. */
const MOST_WAYS = 40;
/** Words that are frequent in logs of many kinds. */
const COMMON = /^(?:out of memory|of memory|memory limit|oom-kill|fatal error:?|was thrown|exceeded)$/;
/** Pieces that many ordinary lines hold; they lead to a message only if it has no others. */
const EVERYDAY =
  /^(?:(?!oom|out|hs_err|kill)[a-z]{8,12}|, limit:|bytes on|memory (?:of|used|left|used by)|(?:for|total) (?:array|size of)|: failed to|request for|heap (?:from|size is)|please reduce|model loading|system memory|size supported|process memory|device memory:|could not (?:get|allo)|error generate|internal error|when trying to|in resource po|memory limit|memory budget)$/;
/** Quotes are written in several ways, and two blanks are often one. */
const UNSURE = /["'`]|\s\s/;

/**
 * Several pieces of the literal text. A line end that cuts through one of them leaves the others whole, so
 * that the message is still found.
 */
function needlesOf(runs: readonly Run[], message: string, ends: readonly string[]): Needle[] {
  const needles = runs.flatMap((run, index) => {
    const before = runs[index - 1];
    // What stands between two runs must be short for the first to be near the second.
    const close = /^(?:size|whole|number|digit|)$/.test(before?.next ?? "") ? (before?.text ?? "") : "";
    const text = run.text.toLowerCase();
    const start = run.end - text.length;
    return piecesOf(text).map(([from, to]) =>
      needleOf(text, from, to, continuations({ message, ends }, start + to, THEN), close.toLowerCase()),
    );
  });
  const strength = ({ text, then, near }: Needle): number =>
    text.length + 3 * (then?.[0]?.length ?? 0) + 2 * (near?.[0]?.length ?? 0);
  const strong = needles.filter(
    ({ text, then, near }) => then !== undefined || near !== undefined || !COMMON.test(text),
  );
  const rare = strong.filter(({ text }) => !EVERYDAY.test(text));
  const [first, ...others] = rare.length > 0 ? rare : strong.length > 0 ? strong : needles;
  // Of messages that begin alike, the first piece leads to the one that says more.
  return first === undefined
    ? []
    : [first, ...others.sort((one, other) => strength(other) - strength(one)).slice(0, MOST_NEEDLES - 1)];
}

function piecesOf(text: string): [from: number, to: number][] {
  const pieces: [number, number][] = [];
  const starts = [...text.matchAll(/[^\s"'`]+/g)].map(({ index }) => index);
  let covered = 0;
  for (const [index, from] of starts.entries()) {
    // The end of the text is one piece, even if another holds its beginning.
    const isLast = text.length - from <= PIECE && text.length - (starts[index - 1] ?? -PIECE) > PIECE;
    if (from < covered && !isLast) continue;
    const end =
      from +
      text
        .slice(from, from + PIECE)
        .split(UNSURE, 1)
        .join("")
        .trimEnd().length;
    if (end - from < SHORTEST_PIECE || end <= covered) continue;
    pieces.push([from, end]);
    covered = end;
  }
  return pieces;
}

function needleOf(text: string, from: number, to: number, then: readonly string[], close: string): Needle {
  const own = text.slice(0, from).trimEnd();
  const before = own === "" ? close.trimEnd() : own;
  const near = (
    before
      .replace(/["'`\s]+$/, "")
      .split(UNSURE)
      .at(-1) ?? ""
  )
    .slice(-NEAR)
    .trim();
  return {
    text: text.slice(from, to),
    ...(then.includes("") ? {} : { then }),
    ...(near.length < 4 ? {} : { near: [near] }),
  };
}

/**
 * What may follow a place of a message, up to so many characters without blanks: one string for each way through its
 * groups. A string ends early where the text is not known.
 */
function continuations(whole: Whole, at: number, most: number): readonly string[] {
  const { message, ends } = whole;
  if (at >= message.length) return ends;
  if (most <= 0) return [""];
  HOLE.lastIndex = at;
  const hole = HOLE.exec(message);
  if (hole !== null) return [hole[1] === "size" ? "$" : hole[1] === "whole" ? "#" : ""];
  const pair = message.slice(at, at + 2);
  if (pair === ">>") return continuations(whole, at + 2, most);
  if (pair === "||") return continuations(whole, endOfGroup(message, at), most);
  if (pair === "<<") {
    const ways = new Set([...alternativesAt(message, at)].flatMap((way) => continuations(whole, way, most)));
    return ways.size > MOST_WAYS ? [""] : [...ways];
  }
  const character = message.charAt(at);
  if (/["'`]/.test(character)) return [""];
  if (/\s/.test(character)) return continuations(whole, at + 1, most);
  return continuations(whole, at + 1, most - 1).map((rest) => character + rest);
}

/** A message in lower case, and what may follow it. */
interface Whole {
  message: string;
  ends: readonly string[];
}

/** Where each alternative of the group at `at` begins; its end too if the group may be missing. */
function* alternativesAt(message: string, at: number): Generator<number> {
  yield at + 2;
  let isList = false;
  let depth = 0;
  for (let next = at; next < message.length; next += 1) {
    const pair = message.slice(next, next + 2);
    if (pair === "<<") depth += 1;
    else if (pair === ">>") depth -= 1;
    else if (pair === "||" && depth === 1) {
      isList = true;
      yield next + 2;
    } else continue;
    next += 1;
    if (depth === 0) break;
  }
  if (!isList) yield endOfGroup(message, at + 2);
}

/** The place behind the group that is open at `at`. */
function endOfGroup(message: string, at: number): number {
  let depth = 1;
  for (let next = at; next < message.length; next += 1) {
    const pair = message.slice(next, next + 2);
    if (pair === "<<") depth += 1;
    else if (pair === ">>") depth -= 1;
    else continue;
    next += 1;
    if (depth === 0) return next + 1;
  }
  return message.length;
}

import type { Problem } from "./problem.js";

/** A place of a source that is filled. Offsets count characters of the source read as Latin-1, which are bytes. */
export interface Marker {
  kind: Kind;
  /** What follows the kind, as UTF-8. */
  words: string;
  /** Of the beginning, counted from 1. */
  line: number;
  /** Where the content begins and ends. */
  start: number;
  end: number;
  /** Within a line, or lines of its own. */
  inline: boolean;
  /** Whether the content begins on a line of its own already. */
  isAfterLine: boolean;
  /** What stands before each line of the content: indentation, marks of a quotation. */
  prefix: string;
  /** What stands on the line of the end before it. */
  endPrefix: string;
  eol: "\n" | "\r\n";
}

/** A use of the macro for numbers. */
export interface MacroUse {
  key: string;
  line: number;
}

/** What a source asks for. */
export interface Source {
  markers: Marker[];
  macros: MacroUse[];
  problems: Problem[];
}

export const KINDS = ["table", "value", "figure"] as const;
export type Kind = (typeof KINDS)[number];

export function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}

/** Counts lines of a text on the way through it. */
export function lineCounter(text: string): (offset: number) => number {
  let [line, at] = [1, 0];
  return (offset) => {
    if (offset < at) [line, at] = [1, 0];
    for (let next = text.indexOf("\n", at); next !== -1 && next < offset; next = text.indexOf("\n", at)) {
      line++;
      at = next + 1;
    }
    return line;
  };
}

/** The end of the line that `offset` is on: the file's own may differ from line to line. */
export function eolAt(text: string, offset: number): "\n" | "\r\n" {
  const next = text.indexOf("\n", offset);
  if (next > 0) return text[next - 1] === "\r" ? "\r\n" : "\n";
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** The same text with all from `from` on blanked but the ends of lines, so that offsets stay. */
export function blank(text: string, from = 0): string {
  return text.slice(0, from) + text.slice(from).replace(/[^\r\n]/g, " ");
}

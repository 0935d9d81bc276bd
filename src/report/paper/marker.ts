import type { Problem } from "./problem.js";

/**
 * A part of a source that is filled. Offsets count characters of the source read as Latin-1, which are bytes.
 */
export interface Marker {
  kind: Kind;
  /** The text after the kind, as UTF-8. */
  words: string;
  line: number;
  /** Where the content begins and ends. */
  start: number;
  end: number;
  /** True for content within a line, false for content on its own lines. */
  inline: boolean;
  /** Whether the content already begins on a new line. */
  isAfterLine: boolean;
  /** The text before each line of the content: indentation, quotation marks of Markdown. */
  prefix: string;
  /** The text on the line of the end marker, before it. */
  endPrefix: string;
  eol: "\n" | "\r\n";
}

/** A use of the macro for a number. */
export interface MacroUse {
  key: string;
  line: number;
}

/** The markers and macros in a source. */
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

/** Gives the line number of an offset; the offsets must increase from call to call. */
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

/** The line end of the line at `offset`: it may differ from line to line in a file. */
export function eolAt(text: string, offset: number): "\n" | "\r\n" {
  const next = text.indexOf("\n", offset);
  if (next > 0) return text[next - 1] === "\r" ? "\r\n" : "\n";
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Replaces the text from `from` on by spaces and keeps line ends, so that offsets stay the same. */
export function blank(text: string, from = 0): string {
  return text.slice(0, from) + text.slice(from).replace(/[^\r\n]/g, " ");
}

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

/**
 * The lines of a text, for offsets that increase from call to call. Each line is looked at once, so that a text
 * without line ends costs no more than another.
 */
export class Lines {
  readonly #text: string;
  #line = 1;
  #start = 0;
  /** The line end of the line; -1 where none follows. */
  #end: number;

  constructor(text: string) {
    this.#text = text;
    this.#end = text.indexOf("\n");
  }

  /** Number and beginning of the line with this offset, and its line end: it may differ from line to line. */
  at(offset: number): { line: number; start: number; eol: "\n" | "\r\n" } {
    while (this.#end !== -1 && this.#end < offset) {
      this.#line++;
      this.#start = this.#end + 1;
      this.#end = this.#text.indexOf("\n", this.#start);
    }
    // The last line has none of its own and takes that of the line before it.
    const end = this.#end === -1 ? this.#start - 1 : this.#end;
    const eol = this.#text[end - 1] === "\r" ? "\r\n" : "\n";
    return { line: this.#line, start: this.#start, eol };
  }
}

/** Replaces the text from `from` on by spaces and keeps line ends, so that offsets stay the same. */
export function blank(text: string, from = 0): string {
  return text.slice(0, from) + text.slice(from).replace(/[^\r\n]/g, " ");
}

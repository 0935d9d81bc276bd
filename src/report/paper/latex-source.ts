import type { Source } from "./marker.js";
import { KINDS, blank, isKind } from "./marker.js";
import { suggestion } from "../../base/nearest-name.js";
import { utf8 } from "./text.js";

const MARKER = /^([ \t]*)%+[ \t]*bytesper:(\S+)[ \t]*(.*)$/;
const BEGIN = /^(\S*)[ \t]*(.*)$/;
const MACRO = /\\bytesper\s*\{([^{}]*)\}/g;
/** Environments whose content TeX prints unchanged. */
const VERBATIM = /\\begin\{((?:verbatim|lstlisting|minted|Verbatim|comment|filecontents)\*?)\}/;

interface Open {
  kind: string;
  words: string;
  line: number;
  start: number;
  prefix: string;
  eol: "\n" | "\r\n";
}

/** The markers of a LaTeX source (comments on their own lines) and the uses of `\bytesper{...}`. */
export function latexSource(text: string, file: string): Source {
  const source: Source = { markers: [], macros: [], problems: [] };
  const problem = (line: number, message: string): void => void source.problems.push({ file, line, message });
  let open: Open | undefined;
  let verbatim: string | undefined;
  let offset = 0;
  /** The lines in which everything but the author's text is replaced by spaces. */
  const own: string[] = [];
  for (const [index, whole] of text.split(/(?<=\n)/).entries()) {
    const start = offset;
    offset += whole.length;
    const line = index + 1;
    if (verbatim !== undefined) {
      own.push(blank(whole));
      if (whole.includes(`\\end{${verbatim}}`)) verbatim = undefined;
      continue;
    }
    const [, prefix = "", word, rest = ""] = MARKER.exec(withoutEnd(whole)) ?? [];
    if (word === undefined) {
      if (open === undefined) verbatim = VERBATIM.exec(whole.slice(0, commentAt(whole)))?.[1];
      own.push(open === undefined ? blank(whole, commentAt(whole)) : blank(whole));
      continue;
    }
    own.push(blank(whole));
    if (word === "end") {
      if (open === undefined) problem(line, "This end has no beginning; remove it.");
      else if (isKind(open.kind)) {
        const { kind, words, ...place } = open;
        source.markers.push({
          ...place,
          kind,
          words,
          end: start,
          inline: false,
          isAfterLine: true,
          endPrefix: "",
        });
      }
      open = undefined;
    } else if (word === "begin") {
      if (open !== undefined) problem(open.line, unclosed(open, line));
      const [, kind = "", words = ""] = BEGIN.exec(rest) ?? [];
      const eol = whole.endsWith("\r\n") ? "\r\n" : "\n";
      open = { kind, words: utf8(words), line, start: offset, prefix, eol };
      if (!isKind(kind))
        problem(
          line,
          `bytesper:begin ${kind} is no marker; there is ${KINDS.join(", ")}${suggestion(kind, KINDS)}.`,
        );
    } else problem(line, `bytesper:${word} is no marker; a block has % bytesper:begin and % bytesper:end.`);
  }
  if (open !== undefined) problem(open.line, unclosed(open));
  source.macros = macrosOf(own.join(""));
  return source;
}

/** The line without the spaces at its end. A pattern would try every run of spaces in the line. */
function withoutEnd(line: string): string {
  let end = line.length;
  while (end > 0 && " \t\r\n".includes(line[end - 1] ?? "x")) end--;
  return line.slice(0, end);
}

function unclosed({ kind, words }: Open, next?: number): string {
  const where = next === undefined ? "" : ` before the next marker in line ${next}; markers do not nest`;
  return `bytesper:begin ${kind} ${words} has no end${where}; put % bytesper:end on a line of its own behind its content.`;
}

/** The index at which the comment of a line begins; the length of the line if it has none. */
function commentAt(line: string): number {
  const match = /(?<!\\)(?:\\\\)*%/.exec(line);
  return match === null ? line.length : match.index + match[0].length - 1;
}

function macrosOf(text: string): Source["macros"] {
  const uses: Source["macros"] = [];
  let [line, at] = [1, 0];
  for (const match of text
    .replace(/\\verb\*?([^\w\s*])[^\r\n]*?\1/g, (span) => " ".repeat(span.length))
    .matchAll(MACRO)) {
    line += (text.slice(at, match.index).match(/\n/g) ?? []).length;
    at = match.index;
    uses.push({ key: utf8(match[1] ?? ""), line });
  }
  return uses;
}

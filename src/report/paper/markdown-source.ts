import type { Marker, Source } from "./marker.js";
import { KINDS, blank, eolAt, isKind, lineCounter } from "./marker.js";
import { suggestion } from "../../base/nearest-name.js";
import type { Problem } from "./problem.js";
import { utf8 } from "./text.js";

/** `<!-- bytesper:KIND WORDS -->`, `<!-- /bytesper -->` and the short `<!-- / -->`. */
const COMMENT = /<!--\s*(?:bytesper:(\S*?)(?:\s+([^]*?))?|(\/(?:bytesper)?))\s*-->/g;

/** The markers of a Markdown source, except those inside code. */
export function markdownSource(text: string, file: string): Source {
  const source: Source = { markers: [], macros: [], problems: [] };
  const lineOf = lineCounter(text);
  const problem = (line: number, message: string): void => void source.problems.push({ file, line, message });
  let open: Open | undefined;
  for (const match of withoutCode(text).matchAll(COMMENT)) {
    const line = lineOf(match.index);
    const [comment, kind, words = "", end] = match;
    if (end !== undefined) {
      // A short end without an open marker may belong to another tool.
      if (open !== undefined) source.markers.push(...closed(text, open, match.index));
      else if (end === "/bytesper") problem(line, "This end has no beginning; remove it.");
      open = undefined;
      continue;
    }
    if (open !== undefined) source.problems.push(unclosed(open, file, line));
    open = {
      kind: kind ?? "",
      words: utf8(words),
      line,
      start: match.index + comment.length,
      begin: match.index,
    };
    if (!isKind(open.kind)) problem(line, unknownKind(open.kind));
  }
  if (open !== undefined) source.problems.push(unclosed(open, file));
  return source;
}

interface Open {
  kind: string;
  words: string;
  line: number;
  start: number;
  begin: number;
}

function unknownKind(kind: string): string {
  return `bytesper:${kind} is no marker; there is ${KINDS.map((known) => `bytesper:${known}`).join(", ")}${suggestion(kind, KINDS)}.`;
}

function unclosed({ kind, words, line }: Open, file: string, next?: number): Problem {
  const where = next === undefined ? "" : ` before the next marker in line ${next}; markers do not nest`;
  return {
    file,
    line,
    message: `bytesper:${kind} ${words} has no end${where}; put <!-- ${kind === "value" ? "/" : "/bytesper"} --> behind its content.`,
  };
}

function closed(text: string, { kind, words, line, start, begin }: Open, end: number): Marker[] {
  if (!isKind(kind)) return [];
  const content = text.slice(start, end);
  const before = text.slice(text.lastIndexOf("\n", begin - 1) + 1, begin);
  const prefix = /^[\s>]*$/.test(before) ? before : "";
  const last = content.slice(content.lastIndexOf("\n") + 1);
  return [
    {
      kind,
      words,
      line,
      start,
      end,
      inline: kind === "value",
      isAfterLine: false,
      prefix,
      endPrefix: content.includes("\n") && /^[\s>]*$/.test(last) ? last : prefix,
      eol: eolAt(text, begin),
    },
  ];
}

/**
 * The source with fenced blocks and code spans replaced by spaces, because markers in code are only
 * documentation. A code span must end on its own line here, since any text may contain a single backtick.
 */
function withoutCode(text: string): string {
  let fence: string | undefined;
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      const mark = /^[\s>]{0,12}(`{3,}|~{3,})([^\r\n]*)/.exec(line);
      if (
        fence === undefined &&
        mark?.[1] !== undefined &&
        !(mark[1].startsWith("`") && mark[2]?.includes("`"))
      ) {
        fence = mark[1];
        return blank(line);
      }
      if (fence === undefined)
        return line.replace(/(?<!`)(`+)(?!`)[^\r\n]*?(?<!`)\1(?!`)/g, (span) => blank(span));
      if (mark?.[1]?.startsWith(fence) === true && mark[2]?.trim() === "") fence = undefined;
      return blank(line);
    })
    .join("");
}

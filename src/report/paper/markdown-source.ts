import type { Marker, Source } from "./marker.js";
import { KINDS, blank, isKind, Lines } from "./marker.js";
import { suggestion } from "../../base/nearest-name.js";
import type { Problem } from "./problem.js";
import { utf8 } from "./text.js";

const COMMENT = "<!--";
const COMMENT_END = "-->";
/** What follows the beginning of a comment that may be ours. */
const OURS = /\s*(?:bytesper:|\/)/y;

interface Comment {
  begin: number;
  end: number;
  /** The kind and the words of a marker; absent for the end of one. */
  kind?: string;
  words?: string;
  /** `/bytesper`, or the short `/`. */
  ending?: string;
}

/**
 * `<!-- bytesper:KIND WORDS -->`, `<!-- /bytesper -->` and the short `<!-- / -->`. One pass without a pattern over
 * the whole text, which would look for the end of each comment again and again.
 */
function* commentsIn(text: string): Generator<Comment> {
  for (let begin = text.indexOf(COMMENT); begin !== -1; begin = text.indexOf(COMMENT, begin + 1)) {
    OURS.lastIndex = begin + COMMENT.length;
    if (!OURS.test(text)) continue;
    const close = text.indexOf(COMMENT_END, OURS.lastIndex);
    if (close === -1) return;
    const inner = text.slice(begin + COMMENT.length, close).trim();
    const end = close + COMMENT_END.length;
    if (inner === "/" || inner === "/bytesper") yield { begin, end, ending: inner };
    else if (inner.startsWith("bytesper:")) {
      const [, kind = "", words = ""] = /^(\S*)(?:\s+([^]*))?$/.exec(inner.slice("bytesper:".length)) ?? [];
      yield { begin, end, kind, words };
    } else continue;
    begin = end - 1;
  }
}

/** The markers of a Markdown source, except those inside code. */
export function markdownSource(text: string, file: string): Source {
  const source: Source = { markers: [], macros: [], problems: [] };
  const lines = new Lines(text);
  const problem = (line: number, message: string): void => void source.problems.push({ file, line, message });
  let open: Open | undefined;
  for (const { begin, end, kind = "", words = "", ending } of commentsIn(withoutCode(text))) {
    const { line, start, eol } = lines.at(begin);
    if (ending !== undefined) {
      // A short end without an open marker may belong to another tool.
      if (open !== undefined) source.markers.push(...closed(text, open, begin));
      else if (ending === "/bytesper") problem(line, "This end has no beginning; remove it.");
      open = undefined;
      continue;
    }
    if (open !== undefined) source.problems.push(unclosed(open, file, line));
    open = { kind, words: utf8(words), line, start: end, before: text.slice(start, begin), eol };
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
  /** The text before the marker on its line. */
  before: string;
  eol: Marker["eol"];
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

function closed(text: string, { kind, words, line, start, before, eol }: Open, end: number): Marker[] {
  if (!isKind(kind)) return [];
  const content = text.slice(start, end);
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
      eol,
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
      if (fence === undefined) return withoutSpans(line);
      if (mark?.[1]?.startsWith(fence) === true && mark[2]?.trim() === "") fence = undefined;
      return blank(line);
    })
    .join("");
}

/** Each run of backticks begins a span that the next run of the same length ends, if there is one. */
function withoutSpans(line: string): string {
  const runs = [...line.matchAll(/`+/g)];
  if (runs.length < 2) return line;
  const places = new Map<number, number[]>();
  for (const { index, 0: run } of [...runs].reverse()) {
    const same = places.get(run.length);
    if (same === undefined) places.set(run.length, [index]);
    else same.push(index);
  }
  const parts: string[] = [];
  let at = 0;
  for (const { index, 0: run } of runs) {
    const same = places.get(run.length) ?? [];
    // The nearest places stand at the end of the list.
    while (same.length > 0 && (same.at(-1) ?? 0) <= index) same.pop();
    const close = same.at(-1);
    if (index < at || close === undefined) continue;
    const end = close + run.length;
    parts.push(line.slice(at, index), blank(line.slice(index, end)));
    at = end;
  }
  parts.push(line.slice(at));
  return parts.join("");
}

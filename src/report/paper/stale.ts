import type { Marker } from "./marker.js";
import { utf8 } from "./text.js";

/** Most characters of a line that a message quotes. */
const MOST_CHARACTERS = 100;

/** The first line in which the content of a marker differs from what it should be. */
export function staleAt(
  {
    kind,
    words,
    line,
    inline,
    isAfterLine,
  }: Pick<Marker, "kind" | "words" | "line" | "inline" | "isAfterLine">,
  now: string,
  wanted: string,
): { line: number; message: string } {
  const marker = `bytesper:${kind} ${words}`;
  if (inline) return { line, message: `${marker} says ${quoted(now)}, the results say ${quoted(wanted)}.` };
  if (now.trim() === "") return { line, message: `${marker} is not filled.` };
  const [old, next] = [now.split("\n"), wanted.split("\n")];
  const place = next.findIndex((text, index) => text !== old[index]);
  const at = place === -1 ? next.length : place;
  const [has, should] = [old[at], next[at]].map((text) => (text === undefined ? "nothing" : quoted(text)));
  return {
    line: line + at + (isAfterLine ? 1 : 0),
    message: `${marker} has ${has ?? ""}, the results say ${should ?? ""}.`,
  };
}

function quoted(latin1: string): string {
  const text = utf8(latin1).trim();
  return `"${text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text}"`;
}

/** What a colour says: a verdict, a doubt, or what is only for reference. */
export type Tone = "good" | "bad" | "verdict" | "doubt" | "aside";

/** Bold green, bold red, bold, yellow, dim: all readable on light and on dark. */
const CODES: Record<Tone, [start: string, end: string]> = {
  good: ["\u001b[1;32m", "\u001b[0m"],
  bad: ["\u001b[1;31m", "\u001b[0m"],
  verdict: ["\u001b[1m", "\u001b[0m"],
  doubt: ["\u001b[33m", "\u001b[39m"],
  aside: ["\u001b[2m", "\u001b[22m"],
};

/**
 * Whether a stream gets colours: a terminal does, a pipe or a file does not. FORCE_COLOR turns them on everywhere but
 * for 0, and NO_COLOR off (no-color.org); where both are set, FORCE_COLOR counts, as it does in Node.
 */
export function hasColour(
  stream: { isTTY?: boolean },
  { FORCE_COLOR: force, NO_COLOR: no, TERM: term }: NodeJS.ProcessEnv = process.env,
): boolean {
  if (force !== undefined) return force !== "0" && force !== "false";
  if (no !== undefined && no !== "") return false;
  return stream.isTTY === true && term !== "dumb";
}

/** Colours each line of a text by itself, so that a pager or a cut between lines leaves none open. */
export function painted(text: string, tone: Tone, isColoured: boolean): string {
  if (!isColoured) return text;
  const [start, end] = CODES[tone];
  return text
    .split("\n")
    .map((line) => (line === "" ? line : `${start}${line}${end}`))
    .join("\n");
}

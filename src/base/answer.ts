import type { Tone } from "./colour.js";
import { painted } from "./colour.js";
import { visible } from "./table/visible.js";
import { wrapped, wrappedLines } from "./wrap.js";

export interface Doubt {
  /** Absent where a doubt has only a sentence. */
  name?: string;
  message: string;
}

/** What a command answers. It is printed last, because the end of an output is what a terminal shows. */
export interface Answer {
  /** The number and its interval first; each further one matters less. Four blanks before one keep it as it is. */
  sentences: readonly string[];
  /** So many of the sentences are never left out; 1 if absent. */
  kept?: number;
  /** The colour of the first sentence; only bold where absent. */
  tone?: Tone;
  doubts?: readonly Doubt[];
  /** Where the rest is and what to run next. */
  next?: readonly string[];
  /** Tables, and whatever else explains the answer; printed before it with `--verbose`. */
  details?: string;
}

/** So many lines are read at a glance. */
const MOST_LINES = 6;

interface Line {
  text: string;
  tone?: Tone;
}

interface AnswerLayout {
  width: number;
  isColoured: boolean;
  verbose: boolean;
}

/**
 * The answer in at most six lines of `width` characters: what does not fit is left out, the least important first, and
 * doubts are then told by their names. With `verbose`, everything stands before it.
 */
export function answerText(answer: Answer, layout: AnswerLayout): string {
  const { width, isColoured, verbose } = layout;
  const paint = ({ text, tone }: Line): string =>
    tone === undefined ? text : painted(text, tone, isColoured);
  const { doubts = [], details = "" } = answer;
  const { lines, isShort } = shortened(answer, width);
  const full = doubts.map((doubt) => paint(doubtLine(doubt, width)));
  const before = verbose
    ? [wrappedLines(details.trimEnd(), width), ...(isShort ? [full.join("\n")] : [])]
    : [];
  return `${[...before, lines.map(paint).join("\n")].filter((part) => part !== "").join("\n\n")}\n`;
}

function shortened(answer: Answer, width: number): { lines: Line[]; isShort: boolean } {
  const { sentences, kept = 1, tone = "verdict", doubts = [], next = [] } = answer;
  const body: Line[] = sentences.map((sentence, place) => ({
    text: sentence.startsWith("    ")
      ? wrapped(visible(sentence), width, "    ")
      : wrapped(visible(sentence), width),
    ...(place === 0 ? { tone } : {}),
  }));
  const full = doubts.map((doubt) => doubtLine(doubt, width));
  const where: Line[] = next.map((text) => ({ text: wrapped(visible(text), width), tone: "aside" }));
  for (let told = doubts.length; told >= 0; told--) {
    const known = [...full.slice(0, told), ...restOf(doubts, told, width)];
    for (let shown = body.length; shown >= kept; shown--) {
      const lines = [...body.slice(0, shown), ...known, ...where];
      if (height(lines) <= MOST_LINES) return { lines, isShort: told < doubts.length };
    }
  }
  return {
    lines: [...body.slice(0, kept), ...restOf(doubts, 0, width), ...where.slice(0, 1)],
    isShort: true,
  };
}

function height(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + text.split("\n").length, 0);
}

function doubtLine({ name, message }: Doubt, width: number): Line {
  const whole = name === undefined ? message : `${name}: ${message}`;
  return { text: wrapped(visible(whole), width, "  ", "! "), tone: "doubt" };
}

/** The names of the doubts behind the first `told`, or how many there are where they have no name. */
function restOf(doubts: readonly Doubt[], told: number, width: number): Line[] {
  const rest = doubts.slice(told);
  if (rest.length === 0) return [];
  const names = rest.flatMap(({ name }) => name ?? []);
  const count = `${rest.length}${told === 0 ? "" : " more"} ${rest.length === 1 ? "doubt" : "doubts"}`;
  const what =
    names.length === rest.length
      ? `${count}: ${names.join(", ")}. --verbose explains.`
      : `${count}: --verbose.`;
  return [{ text: wrapped(visible(what), width, "  ", "! "), tone: "doubt" }];
}

import type { Advice } from "../advice.js";
import { Draft, findIn } from "../draft.js";
import type { Needle } from "../gate.js";
import { quantity } from "../quantity.js";
import type { Certainty, Details } from "../record.js";
import type { Spoken } from "../spoken.js";
import { spoken } from "../spoken.js";
import type { View } from "../view.js";
import type { Finding, Grammar, Place } from "./grammar.js";
import { around, endsAlone, standsAlone } from "./grammar.js";

/** Whose memory a framework's reports are about, if they do not say otherwise. */
export type Memory = "device" | "host";

/** A program that runs out of memory, with its advice. */
export interface Framework {
  /** As `framework` names it in JSON. */
  name: string;
  /** As a sentence names it. */
  title: string;
  memory: Memory;
  /** The best first. */
  advice: readonly Advice[];
}

/** One message of a program. */
export interface Message {
  /** As the program prints it; see spoken.ts. */
  text: string;
  means: Finding;
  certainty?: Certainty;
  /**
   * What must be around words without a figure, so that sentences about them are not taken for them: `alone` a
   * start and an end as of a message, `end` an end, `line` a line that begins with them, `free` nothing.
   * Messages with figures are `free`, others `alone`, if absent.
   */
  stands?: "alone" | "end" | "line" | "free";
  /** What else it says. */
  details?: Details;
  /** Where to look for it, if its text has no pieces that are long enough. */
  needles?: readonly Needle[];
  /** A condition on the text around it. */
  when?: (view: View, match: RegExpExecArray) => boolean;
}

/** A framework whose messages are written as it prints them. */
export interface SpokenFramework extends Framework {
  /** The one that says most first. */
  messages: readonly Message[];
  /**
   * Characters after a message within which its other messages belong to the same report, if they say nothing
   * else; 600 if absent.
   */
  reach?: number;
  /** See `Grammar`. */
  general?: boolean;
}

interface Compiled extends Spoken {
  message: Message;
}

const REACH = 600;

/** A grammar for each message, which also takes in the framework's other messages directly after it. */
export function grammarsOf(framework: SpokenFramework): Grammar[] {
  const compiled = framework.messages.map((message) => ({
    message,
    ...spoken(message.text, /^(?:alone|end)$/.test(standing(message))),
  }));
  return compiled.map((one) => ({
    name: framework.name,
    needles: one.message.needles ?? one.needles,
    general: framework.general === true,
    read: (place) => read(place, one, compiled, framework),
  }));
}

function read(
  place: Place,
  one: Compiled,
  all: readonly Compiled[],
  { name, reach = REACH }: SpokenFramework,
): Draft | undefined {
  const { view } = place;
  const { message } = one;
  const match = withWords(view, around(place, one.pattern), one);
  if (match === undefined || !stands(view, match, message)) return undefined;
  const draft = new Draft(view, name, match);
  let told = message;
  Object.assign(draft.details, message.details);
  for (;;) {
    const next = following(draft, all, reach);
    if (next === undefined) break;
    draft.take(next.match);
    Object.assign(draft.details, next.message.details);
    const isCertain = told.certainty === "likely" && next.message.certainty !== "likely";
    if (
      isCertain ||
      (next.order < all.findIndex((each) => each.message === told) &&
        told.certainty === next.message.certainty)
    )
      told = next.message;
  }
  draft.finding = told.means;
  draft.certainty = told.certainty ?? "certain";
  return draft;
}

/** A match with the words at its ends, which its line limits. */
function withWords(
  view: View,
  match: RegExpExecArray | undefined,
  { firstWord, lastWord }: Spoken,
): RegExpExecArray | undefined {
  if (match === undefined) return undefined;
  if (firstWord !== undefined) {
    // Only the line as it is written shows where a word begins.
    const [, word = ""] = /([\w.:@%/+~$<>[\]\\-]{1,160})\s*$/.exec(view.rawLine(match.index).before) ?? [];
    const from = Math.max(0, match.index - word.length);
    if (word !== "") {
      match.groups = { ...match.groups, [firstWord]: word };
      if (match.indices !== undefined)
        match.indices.groups = { ...match.indices.groups, [firstWord]: [from, match.index] };
      match[0] = view.text.slice(from, match.index + match[0].length);
      match.index = from;
    }
  }
  const place = lastWord === undefined ? undefined : match.indices?.groups?.[lastWord];
  if (lastWord === undefined || place === undefined) return match;
  let end = match.index + match[0].length;
  while (!view.isLineStart(end) && /[\w.+@:%/~-]/.test(view.text.charAt(end))) end += 1;
  match[0] = view.text.slice(match.index, end);
  place[1] = end;
  match.groups = { ...match.groups, [lastWord]: view.text.slice(place[0], end) };
  return match;
}

function standing({ stands: how, text }: Message): NonNullable<Message["stands"]> {
  return how ?? (/\{(?:size|whole)/.test(text) ? "free" : "alone");
}

function stands(view: View, match: RegExpExecArray, message: Message): boolean {
  if (message.when?.(view, match) === false) return false;
  const kind = standing(message);
  const end = match.index + match[0].length;
  if (kind === "free") return true;
  if (kind === "end") return endsAlone(view, end);
  if (kind === "line") return view.isLineStart(match.index);
  return standsAlone(view, match.index, end);
}

/** The first of the framework's messages within reach that says nothing else than what was read. */
function following(
  draft: Draft,
  all: readonly Compiled[],
  reach: number,
): { message: Message; order: number; match: RegExpExecArray } | undefined {
  const { view, end } = draft;
  let first: { message: Message; order: number; match: RegExpExecArray } | undefined;
  for (const [order, each] of all.entries()) {
    const match = withWords(view, findIn(view, each.pattern, end, end + reach), each);
    if (match === undefined || (first !== undefined && match.index >= first.match.index)) continue;
    if (stands(view, match, each.message)) first = { message: each.message, order, match };
  }
  return first === undefined || !agrees(draft, first.match) ? undefined : first;
}

function agrees(draft: Draft, { groups = {} }: RegExpExecArray): boolean {
  return Object.entries(groups as Record<string, string | undefined>).every(([name, text]) => {
    if (text === undefined || name.startsWith("_")) return true;
    if (name.endsWith("Bytes"))
      return draft.bytes(name) === undefined || draft.bytes(name) === quantity(text)?.bytes;
    const known = draft.details[name as keyof Details];
    return typeof known === "number" ? known === Number(text) : known === undefined || known === text;
  });
}

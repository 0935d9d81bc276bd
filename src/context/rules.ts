import { BytesperError } from "../base/errors.js";
import type { Exchange } from "./exchanges.js";
import type { Message } from "./message.js";

/** A part that a rule may remove: the text of a tool's result, or a whole turn. */
export type Part = { kind: "result"; index: number } | { kind: "turn"; turn: number };

/** What a rule sees of a history. */
export interface HistoryView {
  /** Turns that are still shown in part or whole, oldest first. */
  readonly turns: readonly Exchange[];
  /** Generations since that turn: 1 for the newest one with an answer, 0 for an open request. */
  ageOf: (turn: Exchange) => number;
  /** Whether a message is shown with its text or with the first page of it. */
  isShown: (index: number) => boolean;
  /** Tokens of the message in the form in which it is shown. */
  tokensOf: (index: number) => number;
  /** The newest turns that are kept whole. */
  readonly keptWhole: number;
}

/** What to summarise. */
export interface SummaryRequest {
  /** The summary so far. */
  previous?: string;
  /** The messages that the summary must cover, with their whole texts. */
  messages: readonly Message[];
  maxTokens: number;
}

export interface SummariseOptions {
  /** May fail: then this turn drops nothing, and the next turn asks again. */
  callback: (request: SummaryRequest) => Promise<string> | string;
  maxTokens: number;
  /** Number of turns that are collected and then summarised together. */
  every: number;
}

/**
 * One part of a policy. If several rules set the same limit, the strictest counts; for turns kept whole, the
 * largest number.
 */
export interface Rule {
  readonly name: string;
  /** Number of newest turns that only a capacity may change. */
  readonly keepsWhole?: number;
  /** What to remove now. Parts of turns that are kept whole are ignored. */
  readonly letGo?: (history: HistoryView) => Iterable<Part>;
  /** Turns are summarised instead of dropped. */
  readonly summarise?: SummariseOptions;
  /** Tool results longer than this are shown by their first page. */
  readonly toolResultTokens?: number;
  readonly newTokens?: number;
  readonly capacity?: Capacity;
}

export interface Capacity {
  /** Most tokens of a prompt and its answer together. */
  tokens: number;
  /** Most tokens of a prompt. Reading a prompt may take more memory than generating after it. */
  promptTokens: number;
  /** Tokens that stay free for the answer, whatever must be removed for them. */
  leastNewTokens: number;
  /** A warning must name a part before it is removed, as long as new results can wait one turn. */
  warnFirst: boolean;
}

/** Keeps the last k turns whole: the other rules ignore them. */
export function keepWhole(turns: number): Rule {
  return { name: `keep ${turns}`, keepsWhole: whole(turns, 1, "turns that are kept whole") };
}

/** Replaces tool results in turns that are not kept whole by a visible notice. */
export function replaceOldResults(): Rule {
  return {
    name: "replace old results",
    letGo: function* (history) {
      for (const turn of history.turns) {
        if (history.ageOf(turn) <= history.keptWhole) return;
        for (const index of turn.results) if (history.isShown(index)) yield { kind: "result", index };
      }
    },
  };
}

/** Drops all turns except the last n. */
export function capTurns(turns: number): Rule {
  whole(turns, 1, "turns of a history");
  return {
    name: `${turns} turns`,
    letGo: function* (history) {
      for (const turn of history.turns) {
        if (history.ageOf(turn) <= turns) return;
        yield { kind: "turn", turn: turn.turn };
      }
    },
  };
}

/** Summarises turns older than those kept whole, `every` turns at a time. */
export function summarise(
  callback: SummariseOptions["callback"],
  options: { maxTokens?: number; every?: number } = {},
): Rule {
  const maxTokens = whole(options.maxTokens ?? 300, 1, "tokens of a summary");
  const every = whole(options.every ?? 1, 1, "turns of one summary");
  return {
    name: "summaries",
    summarise: { callback, maxTokens, every },
    letGo: (history) => {
      const old = history.turns.filter((turn) => history.ageOf(turn) > history.keptWhole);
      return old.length < every ? [] : old.map(({ turn }) => ({ kind: "turn", turn }));
    },
  };
}

/** Shows only the first page of long tool results; `History.page` gives the others. */
export function capToolResults(tokens: number): Rule {
  return { name: `results of ${tokens}`, toolResultTokens: whole(tokens, LEAST_PAGE, "tokens of a page") };
}

/** Fewest tokens of a page, including the line that says it is a page. */
export const LEAST_PAGE = 64;

/** Limits what the model may write in one turn. */
export function capNewTokens(tokens: number): Rule {
  return { name: `${tokens} new tokens`, newTokens: whole(tokens, 1, "new tokens") };
}

/**
 * Removes only what the capacity requires, the least valuable first. Value falls with age; a result counts like a
 * turn of twice its age plus two. So the turns and results that "keep k whole, 2k + 2 turns" would show are kept
 * longest, for every k. A request and the newest turn always stay; if they alone are too long, their first pages are
 * shown.
 *
 * @param options.warnFirst if new results need room that only unwarned parts could give, this turn shows their first
 * pages with a warning, and the next turn shows them whole. Default: true. If that gives too little room too, for
 * example for a long request, the parts are removed at once and `Pruned.announced` is false.
 */
export function fitCapacity(
  tokens: number,
  options: { promptTokens?: number; leastNewTokens?: number; warnFirst?: boolean } = {},
): Rule {
  const { promptTokens = tokens, leastNewTokens = 256, warnFirst = true } = options;
  const capacity = {
    tokens: whole(tokens, 2, "tokens of a capacity"),
    promptTokens: whole(promptTokens, 1, "tokens of a prompt"),
    leastNewTokens: whole(leastNewTokens, 1, "new tokens that are kept free"),
    warnFirst,
  };
  if (leastNewTokens >= tokens)
    throw new BytesperError(
      "USAGE",
      `A capacity of ${tokens} tokens cannot keep ${leastNewTokens} free for the answer; give more or keep less.`,
    );
  return { name: `at most ${tokens}`, capacity };
}

function whole(value: number, least: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new BytesperError(
    "USAGE",
    `The ${what} must be a whole number from ${least}, not ${typeof value === "string" ? JSON.stringify(value) : String(value)}; change the policy.`,
  );
}

import { BytesperError } from "../base/errors.js";
import type { Exchange } from "./exchanges.js";
import type { Message } from "./message.js";

/** What a rule may let go: the text of a tool's result, or all of a turn. */
export type Part = { kind: "result"; index: number } | { kind: "turn"; turn: number };

/** What a rule sees of a history. */
export interface HistoryView {
  /** Turns of which something is still shown, oldest first. */
  readonly turns: readonly Exchange[];
  /** Generations since that turn: 1 for the newest one with an answer, 0 for an open request. */
  ageOf: (turn: Exchange) => number;
  /** Whether a message is shown with its text, or the first page of it. */
  isShown: (index: number) => boolean;
  /** Tokens that it takes as it is shown. */
  tokensOf: (index: number) => number;
  /** The newest turns that are kept whole. */
  readonly keptWhole: number;
}

/** What to summarise. */
export interface SummaryRequest {
  /** The summary so far. */
  previous?: string;
  /** The messages that are to go into it, with their whole texts. */
  messages: readonly Message[];
  maxTokens: number;
}

export interface SummariseOptions {
  /** May fail: then nothing is dropped in that turn, and the next one asks again. */
  callback: (request: SummaryRequest) => Promise<string> | string;
  maxTokens: number;
  /** Turns that wait until they are summarised together. */
  every: number;
}

/** One part of a policy. Of rules that set the same limit the strictest counts, and of turns kept whole the most. */
export interface Rule {
  readonly name: string;
  /** Newest turns that no rule but a capacity touches. */
  readonly keepsWhole?: number;
  /** What is to go now. Parts of turns that are kept whole are left alone. */
  readonly letGo?: (history: HistoryView) => Iterable<Part>;
  /** Turns that are let go are summarised instead of dropped. */
  readonly summarise?: SummariseOptions;
  /** Longer tool results are shown by their first page. */
  readonly toolResultTokens?: number;
  readonly newTokens?: number;
  readonly capacity?: Capacity;
}

export interface Capacity {
  /** Most tokens of a prompt and its answer together. */
  tokens: number;
  /** Most tokens of a prompt: reading one may take more memory than generating after it. */
  promptTokens: number;
  /** Tokens of the answer that are kept free, whatever must go for them. */
  leastNewTokens: number;
  /** Nothing goes before a warning has named it, as long as new results can wait a turn for their place. */
  warnFirst: boolean;
}

/** Keeps the last k turns whole: the other rules leave them alone. */
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

/** Drops turns that are older than the last n. */
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

/** Summarises what is older than the turns that are kept whole, `every` turns at a time. */
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

/** Shows longer tool results by their first page; `History.page` has the others. */
export function capToolResults(tokens: number): Rule {
  return { name: `results of ${tokens}`, toolResultTokens: whole(tokens, LEAST_PAGE, "tokens of a page") };
}

/** Fewest tokens of a page, of which a line that says so takes some. */
export const LEAST_PAGE = 64;

/** Limits what the model may write in one turn. */
export function capNewTokens(tokens: number): Rule {
  return { name: `${tokens} new tokens`, newTokens: whole(tokens, 1, "new tokens") };
}

/**
 * Lets go what the capacity requires and no more, least valuable first: by age, where a result counts as old as a
 * turn of twice its age and two more. So the turns and results that "keep k whole, 2k + 2 turns" would show are
 * kept longest, for every k. A request and the newest turn stay; if they alone are too long, they are shown by
 * their first page.
 *
 * @param options.warnFirst where new results need the place of what no warning has named, they are shown by their
 *   first page in this turn, with the warning, and whole in the next one; true unless given. Where that makes no room
 *   either, as with a long request, the rest goes at once and `Pruned.announced` is false.
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

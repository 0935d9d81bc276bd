import { largestOf, smallestOf } from "../base/stats/extremes.js";
import { BytesperError } from "../base/errors.js";
import type { Capacity, Rule, SummariseOptions } from "./rules.js";
import { capNewTokens, capTurns, fitCapacity, keepWhole, replaceOldResults } from "./rules.js";

export interface Policy {
  readonly name: string;
  readonly keptWhole: number;
  readonly letGo: readonly NonNullable<Rule["letGo"]>[];
  readonly summarise?: SummariseOptions;
  readonly toolResultTokens?: number;
  readonly newTokens?: number;
  readonly capacity?: Capacity;
}

/** Combines rules into one policy. Throws `USAGE` if two of them exclude each other. */
export function composePolicy(name: string, ...rules: readonly Rule[]): Policy {
  const all = <K extends keyof Rule>(key: K): NonNullable<Rule[K]>[] =>
    rules.map((rule) => rule[key]).filter((value) => value !== undefined);
  const summaries = all("summarise");
  if (summaries.length > 1)
    throw new BytesperError("USAGE", `The policy ${name} summarises twice; give it one such rule.`);
  const [summarise] = summaries;
  const results = all("toolResultTokens");
  const newTokens = all("newTokens");
  const [capacity] = all("capacity").sort((a, b) => a.tokens - b.tokens);
  return {
    name,
    // The model must see the newest turn to answer it.
    keptWhole: largestOf([1, ...all("keepsWhole")]),
    letGo: all("letGo"),
    ...(summarise === undefined ? {} : { summarise }),
    ...(results.length === 0 ? {} : { toolResultTokens: smallestOf(results) }),
    ...(newTokens.length === 0 ? {} : { newTokens: smallestOf(newTokens) }),
    ...(capacity === undefined ? {} : { capacity }),
  };
}

/** Fixed limits: how many turns are kept whole, how many are shown at all, and how many new tokens are allowed. */
export function fixedPolicy(limits: { keep: number; turns: number; newTokens: number }): Policy {
  const { keep, turns, newTokens } = limits;
  if (turns < keep)
    throw new BytesperError(
      "USAGE",
      `A policy cannot keep ${keep} turns whole and show at most ${turns}; keep fewer or show more.`,
    );
  return composePolicy(
    `keep ${keep} / ${turns} turns / ${newTokens} new`,
    keepWhole(keep),
    replaceOldResults(),
    capTurns(turns),
    capNewTokens(newTokens),
  );
}

/** Removes nothing until the capacity would be exceeded, and then only what is necessary. */
export function budgetPolicy(limits: {
  capacityTokens: number;
  /** Most tokens of a prompt alone; by default, the capacity. */
  promptTokens?: number;
  newTokens: number;
  /**
   * Tokens that stay free for the answer, whatever must be removed for them. The default is 256, or
   * `newTokens` if that is smaller.
   */
  leastNewTokens?: number;
  /** As for `fitCapacity`; true by default. */
  warnFirst?: boolean;
}): Policy {
  const { capacityTokens, promptTokens = capacityTokens, newTokens, warnFirst = true } = limits;
  const leastNewTokens = limits.leastNewTokens ?? Math.min(newTokens, 256);
  return composePolicy(
    "budget",
    fitCapacity(capacityTokens, { promptTokens, leastNewTokens, warnFirst }),
    capNewTokens(newTokens),
  );
}

export const KEEP_ALL: Policy = composePolicy("none");

import { BytesperError } from "../../base/errors.js";
import { fittingLength } from "../pages.js";
import type { Policy } from "../policy.js";
import { budgetPolicy, composePolicy, fixedPolicy, KEEP_ALL } from "../policy.js";
import type { SummaryRequest } from "../rules.js";
import { capNewTokens, keepWhole, summarise } from "../rules.js";
import type { Tokenizer } from "../tokenizer.js";

/** The policies that are compared by default. */
export const POLICY_NAMES = ["none", "3/8/700", "2/6/500", "1/4/300", "summaries", "budget"] as const;

/** `most` is the limit of the loosest fixed policy, `least` that of the strictest. */
const NEW_TOKENS = { most: 700, least: 300 };
const SUMMARY_TOKENS = 300;

/**
 * A policy by its name: "none", "budget", "summaries", or "K/T/N": keep K turns whole, show at most T turns, and
 * allow N new tokens. Throws `USAGE`.
 */
export function simulatedPolicy(
  name: string,
  {
    promptTokens,
    totalTokens,
    tokenizer,
  }: { promptTokens: number; totalTokens: number; tokenizer: Tokenizer },
): Policy {
  if (name === "none") return KEEP_ALL;
  if (name === "summaries")
    return composePolicy(
      name,
      keepWhole(3),
      capNewTokens(NEW_TOKENS.most),
      summarise((request) => extract(request, tokenizer), { maxTokens: SUMMARY_TOKENS, every: 2 }),
    );
  if (name === "budget")
    return budgetPolicy({
      // A capacity that is too small for one turn fails at the first turn, with a message.
      capacityTokens: Math.max(totalTokens, NEW_TOKENS.least + 1),
      promptTokens: Math.max(1, promptTokens),
      newTokens: NEW_TOKENS.most,
      leastNewTokens: NEW_TOKENS.least,
    });
  const [, keep, turns, newTokens] = /^(\d{1,6})\/(\d{1,6})\/(\d{1,6})$/.exec(name) ?? [];
  if (keep === undefined)
    throw new BytesperError(
      "USAGE",
      `"${name}" is not a policy; give ${POLICY_NAMES.join(", ")}, or other numbers as K/T/N.`,
    );
  return { ...fixedPolicy({ keep: Number(keep), turns: Number(turns), newTokens: Number(newTokens) }), name };
}

/** Replaces a model's summary: takes the beginning of each message, up to the requested length. */
function extract({ previous = "", messages, maxTokens }: SummaryRequest, tokenizer: Tokenizer): string {
  const lines = messages.map(({ role, content }) => `${role}: ${content.slice(0, 80).replaceAll("\n", " ")}`);
  const count = (text: string): number => tokenizer.count(text);
  // The newest messages come first; the older ones share the remaining length.
  const newest = lines.join("\n");
  const fresh = newest.slice(0, fittingLength(newest, Math.ceil(maxTokens / 2), count));
  const left = Math.max(1, maxTokens - count(fresh) - 1);
  return `${previous.slice(0, fittingLength(previous, left, count))}\n${fresh}`.trim();
}

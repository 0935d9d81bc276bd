import { parseDuration } from "../../base/duration.js";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { RuleAction, RuleOptions } from "../types.js";
import type { Expression } from "./expression.js";
import { readingsOf } from "./expression.js";
import type { Comparison, KnownReadings, ParsedCondition } from "./parse.js";
import { parseCondition, parseExpression } from "./parse.js";
import { ruleError } from "./rule-error.js";
import { unitWord } from "./unit.js";

/** A parsed and checked rule, not yet compared with the capacities. */
export interface Rule extends ParsedCondition {
  name: string;
  text: string;
  release: Release;
  forSamples: number;
  cooldownMs: number;
  action: RuleAction;
}

export type Release = { share: number } | { bound: Expression };

/** A fired rule is released at this share of its threshold, if it gives no release bound. */
const DEFAULT_RELEASE = { above: 0.9, below: 1.1 };
/** Shortest time between two warnings or two cleanups of a rule. */
const DEFAULT_COOLDOWN_MS = 10_000;

const LONGEST_COOLDOWN_MS = 24 * 3600e3;
const MOST_SAMPLES = 1e6;

export function isAbove(comparison: Comparison): boolean {
  return comparison === ">" || comparison === ">=";
}

export function actionWord(action: RuleAction): string {
  if (typeof action === "string") return action;
  return "skip" in action ? `skip ${branchesOf(action).join(", ")}` : "cleanup";
}

/** The branches that an action turns off. */
export function branchesOf(action: RuleAction): readonly string[] {
  if (typeof action === "string" || !("skip" in action)) return [];
  return typeof action.skip === "string" ? [action.skip] : action.skip;
}

/** Every reading that the rule depends on; repetitions are kept. */
export function readingsOfRule({ left, right, release }: Rule): string[] {
  return [left, right, ...("bound" in release ? [release.bound] : [])].flatMap(readingsOf);
}

/** Throws `BAD_INPUT` with the rule and the position in it. */
export function readRule(given: string | RuleOptions, known: KnownReadings): Rule {
  const options: RuleOptions = typeof given === "string" ? { when: given } : given;
  const text = conditionText(options, known);
  const condition = parseCondition(text, known);
  const { name = text, action = "warn", forSamples = 1 } = options;
  if (name.trim() === "") throw ruleError(text, "has an empty name; leave the name out or give one");
  if (!Number.isInteger(forSamples) || forSamples < 1 || forSamples > MOST_SAMPLES)
    throw ruleError(name, `wants a whole number from 1 for forSamples, not ${String(forSamples)}`);
  checkAction(name, action);
  return {
    ...condition,
    name,
    text,
    release: readRelease(name, condition, options.release, known),
    forSamples,
    cooldownMs: readCooldown(name, options.cooldown, action),
    action,
  };
}

function conditionText({ when }: RuleOptions, known: KnownReadings): string {
  if (typeof when === "string") return when;
  const { reading, above, below } = when;
  const bound = above ?? below;
  if (bound === undefined || (above !== undefined && below !== undefined))
    throw ruleError(reading, `wants either "above" or "below"`);
  // A bare number is in the unit of the reading.
  const unit =
    typeof bound === "number" ? { bytes: " B", ms: " ms", number: "" }[known.get(reading) ?? "number"] : "";
  if (typeof bound === "number" && !(Number.isFinite(bound) && bound >= 0))
    throw ruleError(reading, `wants a bound that is a number from 0, not ${bound}`);
  return `${reading} ${above === undefined ? "<" : ">"} ${bound}${unit}`;
}

function checkAction(name: string, action: RuleAction): void {
  if (action === "warn" || action === "block" || action === "stop") return;
  if (typeof action === "object" && "skip" in action) {
    const branches = branchesOf(action);
    if (branches.length > 0 && branches.every((branch) => typeof branch === "string" && branch !== ""))
      return;
    throw ruleError(name, 'wants the names of the branches to skip, such as { skip: "visualise" }');
  }
  if (typeof action === "object" && typeof action.cleanup === "function") return;
  throw ruleError(
    name,
    `has an action that is none (${JSON.stringify(action)}); give "warn", "block", "stop", { skip: BRANCH } or { cleanup: FUNCTION }`,
  );
}

function readCooldown(name: string, given: RuleOptions["cooldown"], action: RuleAction): number {
  const acts = action === "warn" || (typeof action === "object" && "cleanup" in action);
  if (given === undefined) return acts ? DEFAULT_COOLDOWN_MS : 0;
  const ms = typeof given === "number" ? given : durationOf(name, given);
  if (ms >= 0 && ms <= LONGEST_COOLDOWN_MS) return ms;
  throw ruleError(name, `wants a cooldown from 0 to 24 hours, not ${given}`);
}

function durationOf(name: string, text: string): number {
  if (/^\s*0\s*(?:ms|s|min|h)?\s*$/.test(text)) return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof BytesperError)) throw error;
    throw ruleError(name, `has a cooldown that cannot be read: ${sentence(error)}`);
  }
}

function readRelease(
  name: string,
  { comparison, left, right }: ParsedCondition,
  given: RuleOptions["release"],
  known: KnownReadings,
): Release {
  const above = isAbove(comparison);
  if (given === undefined) return { share: above ? DEFAULT_RELEASE.above : DEFAULT_RELEASE.below };
  const percent = typeof given === "string" ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(given)?.[1] : undefined;
  if (typeof given === "number" || percent !== undefined) {
    const share = typeof given === "number" ? given : Number(percent) / 100;
    if (Number.isFinite(share) && share >= 0 && (above ? share <= 1 : share >= 1)) return { share };
    throw ruleError(
      name,
      `contradicts itself: it fires ${above ? "above" : "below"} its threshold and would be released at ${share} of it; give a share ${above ? "from 0 to 1" : "from 1"}, or a bound such as "18 GiB"`,
    );
  }
  const bound = parseExpression(given, known);
  if (bound.unit !== left.unit)
    throw ruleError(
      name,
      `has a release of ${unitWord(bound.unit)} ("${given}"), while "${left.text}" is ${unitWord(left.unit)}`,
    );
  if (readingsOf(bound).length === 0 && readingsOf(right).length === 0) checkOrder(name, above, right, bound);
  return { bound };
}

function checkOrder(name: string, above: boolean, threshold: Expression, bound: Expression): void {
  const [fires, released] = [fixedValue(threshold), fixedValue(bound)];
  if (above ? released <= fires : released >= fires) return;
  throw ruleError(
    name,
    `contradicts itself: it fires ${above ? "above" : "below"} ${threshold.text} and is released already at ${bound.text}; the release must lie ${above ? "below" : "above"} the threshold`,
  );
}

/** The value of an expression without readings, else NaN. */
export function fixedValue(expression: Expression): number {
  if (expression.kind === "constant") return expression.value;
  if (expression.kind === "reading") return Number.NaN;
  const [left, right] = [fixedValue(expression.left), fixedValue(expression.right)];
  switch (expression.operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
  }
}

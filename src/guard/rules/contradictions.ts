import { ruleError } from "./rule-error.js";
import { readingsOf } from "./expression.js";
import type { Rule } from "./rule.js";
import { actionWord, branchesOf, fixedValue, isAbove } from "./rule.js";

const MOST_RULES = 256;

/**
 * Throws `BAD_INPUT` if rules exclude each other: two have the same name; two together always hold, so that their
 * action is permanent; or a rule can never act, because another rule stops the program at a nearer threshold.
 */
export function checkTogether(rules: readonly Rule[]): void {
  if (rules.length > MOST_RULES)
    throw ruleError(
      rules[MOST_RULES]?.name ?? "",
      `is one too many: a guard takes ${MOST_RULES} rules at most`,
    );
  const names = new Set<string>();
  for (const rule of rules) {
    if (names.has(rule.name)) throw ruleError(rule.name, "is there twice; give each rule a name of its own");
    names.add(rule.name);
  }
  rules.forEach((rule, index) => {
    for (const other of rules.slice(index + 1)) {
      const between = sameReading(rule, other);
      if (between === undefined) continue;
      checkAlwaysOne(rule, other, between);
      checkBehindStop(rule, other, between);
      checkBehindStop(other, rule, { threshold: between.other, other: between.threshold });
    }
  });
}

interface Thresholds {
  threshold: number;
  other: number;
}

/** Both thresholds, if the rules compare the same side with constants. */
function sameReading(rule: Rule, other: Rule): Thresholds | undefined {
  if (rule.left.text.replaceAll(/\s/g, "") !== other.left.text.replaceAll(/\s/g, "")) return undefined;
  if (readingsOf(rule.right).length > 0 || readingsOf(other.right).length > 0) return undefined;
  return { threshold: fixedValue(rule.right), other: fixedValue(other.right) };
}

function checkAlwaysOne(rule: Rule, other: Rule, between: Thresholds): void {
  const above = isAbove(rule.comparison);
  if (above === isAbove(other.comparison)) return;
  const [lower, upper] = above ? [between.threshold, between.other] : [between.other, between.threshold];
  const closed = rule.comparison.endsWith("=") || other.comparison.endsWith("=");
  const covers = lower < upper || (lower === upper && closed);
  const shared = sharedEffect(rule, other);
  if (covers && shared !== undefined)
    throw ruleError(
      rule.text,
      `contradicts "${other.text}": one of the two holds at every value, so ${shared}; leave a gap between their thresholds`,
    );
}

function sharedEffect(rule: Rule, other: Rule): string | undefined {
  if (rule.action === "block" && other.action === "block") return "growth would always be blocked";
  if (rule.action === "stop" && other.action === "stop") return "the program would always be stopped";
  const branch = branchesOf(rule.action).find((name) => branchesOf(other.action).includes(name));
  return branch === undefined ? undefined : `${branch} would never be allowed`;
}

function checkBehindStop(stop: Rule, rule: Rule, between: Thresholds): void {
  if (stop.action !== "stop" || rule.action === "stop" || stop.forSamples > rule.forSamples) return;
  const above = isAbove(stop.comparison);
  if (above !== isAbove(rule.comparison)) return;
  if (above ? between.threshold >= between.other : between.threshold <= between.other) return;
  throw ruleError(
    rule.text,
    `contradicts "${stop.text}", which stops the program before ${rule.left.text} comes to ${rule.right.text}, so it could only ${actionWord(rule.action)} when all is over; choose a threshold ${above ? "below" : "above"} ${stop.right.text}`,
  );
}

import type { Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { LIMIT_READINGS } from "../reading-names.js";
import type { GuardDoubt } from "../types.js";
import { amount } from "./amount.js";
import type { Bounds } from "./bounds.js";
import { boundsOf } from "./bounds.js";
import type { Expression } from "./expression.js";
import { readingsOf } from "./expression.js";
import { ruleError } from "./rule-error.js";
import type { Rule } from "./rule.js";
import { isAbove } from "./rule.js";

/** The largest possible value of a reading on this machine. Undefined for the program's own numbers. */
export type CapacityOf = (name: string) => Reading | undefined;

/**
 * Checks a rule against the capacity of this machine. Throws `BAD_INPUT` if it could never fire, or could never be
 * released. Returns doubts if it always holds, or if the capacity is unknown.
 */
export function checkCapacity(
  rule: Rule,
  capacityOf: CapacityOf,
  fixed: ReadonlyMap<string, number>,
): GuardDoubt[] {
  const bounds = (expression: Expression): Bounds =>
    boundsOf(expression, (name) => {
      const own = fixed.get(name);
      if (own !== undefined) return { least: own, most: own };
      const capacity = capacityOf(name);
      if (capacity === undefined) return { least: -Infinity, most: Infinity };
      if (isAbsent(capacity)) return { least: 0, most: Infinity };
      return { least: LIMIT_READINGS.has(name) ? capacity : 0, most: capacity };
    });
  const above = isAbove(rule.comparison);
  const [left, right] = [bounds(rule.left), bounds(rule.right)];
  if (!canHold(rule, left, right)) throw neverFires(rule, above, left, right);
  checkRelease(rule, above, left, bounds);
  return [
    ...(alwaysHolds(rule, left, right) ? [always(rule)] : []),
    ...unknownCapacities(rule, above ? left.most : right.most, capacityOf),
  ];
}

function canHold({ comparison }: Rule, left: Bounds, right: Bounds): boolean {
  switch (comparison) {
    case ">":
      return left.most > right.least;
    case ">=":
      return left.most >= right.least;
    case "<":
      return left.least < right.most;
    case "<=":
      return left.least <= right.most;
  }
}

function alwaysHolds({ comparison }: Rule, left: Bounds, right: Bounds): boolean {
  switch (comparison) {
    case ">":
      return left.least > right.most;
    case ">=":
      return left.least >= right.most;
    case "<":
      return left.most < right.least;
    case "<=":
      return left.most <= right.least;
  }
}

function neverFires(rule: Rule, above: boolean, left: Bounds, right: Bounds): Error {
  const unit = rule.left.unit;
  const threshold = amount(above ? right.least : right.most, unit);
  const reach = amount(above ? left.most : left.least, unit);
  return ruleError(
    rule.text,
    `could never fire: its threshold is ${threshold}, and ${rule.left.text} is ${reach} at ${above ? "most" : "least"} here; choose a threshold ${above ? "below" : "above"} that`,
  );
}

function checkRelease(
  { text, left: side, right: threshold, release }: Rule,
  above: boolean,
  left: Bounds,
  bounds: (expression: Expression) => Bounds,
): void {
  const at = bounds("bound" in release ? release.bound : threshold);
  const share = "share" in release ? release.share : 1;
  const [least, most] = [at.least * share, at.most * share];
  if (above ? most >= left.least : least <= left.most) return;
  throw ruleError(
    text,
    `could never be released: that takes ${amount(above ? most : least, side.unit)}, and ${side.text} is ${amount(above ? left.least : left.most, side.unit)} at ${above ? "least" : "most"} here; give a release within that`,
  );
}

function always({ name, text }: Rule): GuardDoubt {
  return {
    name: "fires-at-rest",
    rule: name,
    message: `The rule "${text}" holds whatever the program does.`,
  };
}

function unknownCapacities(
  { name, text, left, right }: Rule,
  most: number,
  capacityOf: CapacityOf,
): GuardDoubt[] {
  if (Number.isFinite(most)) return [];
  const reasons = [...new Set([...readingsOf(left), ...readingsOf(right)])].flatMap((reading) => {
    const capacity = capacityOf(reading);
    return isAbsent(capacity) ? [`the most of ${reading} is not known (${capacity.absent})`] : [];
  });
  if (reasons.length === 0) return [];
  return [
    {
      name: "capacity-unknown",
      rule: name,
      message: `Whether the rule "${text}" can fire at all could not be checked: ${reasons.join("; ")}.`,
    },
  ];
}

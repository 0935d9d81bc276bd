import { Cleanup } from "./cleanup.js";
import type { Readings } from "./readings.js";
import { amount } from "./rules/amount.js";
import { compile } from "./rules/expression.js";
import type { Rule } from "./rules/rule.js";
import { actionWord, branchesOf, isAbove, readingsOfRule } from "./rules/rule.js";
import { RuleState } from "./rules/rule-state.js";

export class ActiveRule {
  readonly rule: Rule;
  readonly state: RuleState;
  readonly action: string;
  /** Every reading that the rule depends on, also by its release bound. */
  readonly names: ReadonlySet<string>;
  readonly branches: readonly string[];
  readonly cleanup: Cleanup | undefined;
  /** Indexes of the numbers in the rule that the program sets by `set`. */
  readonly setPlaces: readonly number[];
  /** If the rule reads only `set` numbers, a new sample changes nothing for it. */
  readonly onlySet: boolean;
  /** Some of its `set` numbers were set after its cleanup began. */
  setSinceCleanup = false;
  /** Whether the doubt about an absent reading was already reported. */
  toldAbsent = false;
  lastActMs = -Infinity;
  firings = 0;

  constructor(rule: Rule, readings: Readings, setNumbers: ReadonlySet<string>) {
    const place = (name: string): number => readings.placeOf(name);
    this.rule = rule;
    this.action = actionWord(rule.action);
    this.branches = branchesOf(rule.action);
    const { action } = rule;
    this.cleanup =
      typeof action === "object" && "cleanup" in action ? new Cleanup(action.cleanup) : undefined;
    const holds = action === "block" || this.branches.length > 0;
    this.state = new RuleState({
      comparison: rule.comparison,
      left: compile(rule.left, place),
      threshold: compile(rule.right, place),
      release: "share" in rule.release ? rule.release : { bound: compile(rule.release.bound, place) },
      forSamples: rule.forSamples,
      holdMs: holds ? rule.cooldownMs : 0,
    });
    this.names = new Set(readingsOfRule(rule));
    this.setPlaces = [...this.names].filter((name) => setNumbers.has(name)).map(place);
    this.onlySet = this.setPlaces.length === this.names.size;
  }

  /** Whether the comparison holds now. It changes no state but the two values that it compared. */
  peek(values: Float64Array): boolean {
    return this.state.peek(values);
  }

  /** Such as "reserved: deviceReservedBytes is 21 GiB, above its threshold of 20 GiB". */
  get sentence(): string {
    const { name, text, left, comparison } = this.rule;
    const label = name === text ? "" : `${name}: `;
    const side = isAbove(comparison) ? "above" : "below";
    return `${label}${left.text} is ${amount(this.state.value, left.unit)}, ${side} its threshold of ${amount(this.state.threshold, left.unit)}`;
  }

  /** Whether `after` is nearer to the release bound than `before`. */
  isBetter(after: number, before: number): boolean {
    return isAbove(this.rule.comparison) ? after < before : after > before;
  }
}

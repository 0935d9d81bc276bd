import type { Evaluator } from "./expression.js";
import type { Comparison } from "./parse.js";

export interface RuleMachine {
  comparison: Comparison;
  left: Evaluator;
  threshold: Evaluator;
  release: { share: number } | { bound: Evaluator };
  forSamples: number;
  /** Shortest time that the rule stays fired, in milliseconds. */
  holdMs: number;
}

export type Transition = "none" | "fired" | "released";

/**
 * Whether a rule is fired. It fires when its comparison held in `forSamples` evaluations in a row. It is released
 * when the comparison with the release bound no longer holds and the hold time is over. If a side is absent (NaN), it
 * is released: a rule never acts on an unknown value.
 */
export class RuleState {
  readonly #machine: RuleMachine;
  fired = false;
  /** At the last evaluation; NaN if absent. */
  value = Number.NaN;
  threshold = Number.NaN;
  #inARow = 0;
  #firedAtMs = 0;

  constructor(machine: RuleMachine) {
    this.#machine = machine;
  }

  get inert(): boolean {
    return Number.isNaN(this.value) || Number.isNaN(this.threshold);
  }

  /** Whether the comparison holds. It changes only `value` and `threshold`. */
  peek(values: Float64Array): boolean {
    this.value = this.#machine.left(values);
    this.threshold = this.#machine.threshold(values);
    return holds(this.value, this.#machine.comparison, this.threshold);
  }

  /** @param fresh a reading of the rule is new, so the evaluation counts for `forSamples` */
  evaluate(values: Float64Array, nowMs: number, fresh = true): Transition {
    const { comparison, left, threshold, forSamples, holdMs } = this.#machine;
    this.value = left(values);
    this.threshold = threshold(values);
    if (this.inert) return this.#reset();
    if (!this.fired) {
      if (!holds(this.value, comparison, this.threshold)) {
        this.#inARow = 0;
        return "none";
      }
      if (fresh) this.#inARow++;
      if (this.#inARow < forSamples) return "none";
      this.fired = true;
      this.#firedAtMs = nowMs;
      return "fired";
    }
    if (nowMs - this.#firedAtMs < holdMs) return "none";
    if (holds(this.value, comparison, this.#releaseBound(values))) return "none";
    return this.#reset();
  }

  #reset(): Transition {
    const was = this.fired;
    this.fired = false;
    this.#inARow = 0;
    return was ? "released" : "none";
  }

  /** The bound is never beyond the threshold; otherwise a rule could fire and be released at the same value. */
  #releaseBound(values: Float64Array): number {
    const { comparison, release } = this.#machine;
    const bound = "share" in release ? release.share * this.threshold : release.bound(values);
    // Without a bound, the threshold is used.
    if (Number.isNaN(bound)) return this.threshold;
    return comparison === ">" || comparison === ">="
      ? Math.min(bound, this.threshold)
      : Math.max(bound, this.threshold);
  }
}

function holds(value: number, comparison: Comparison, bound: number): boolean {
  switch (comparison) {
    case ">":
      return value > bound;
    case ">=":
      return value >= bound;
    case "<":
      return value < bound;
    case "<=":
      return value <= bound;
  }
}

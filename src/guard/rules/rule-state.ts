import type { Evaluator } from "./expression.js";
import type { Comparison } from "./parse.js";

export interface RuleMachine {
  comparison: Comparison;
  left: Evaluator;
  threshold: Evaluator;
  release: { share: number } | { bound: Evaluator };
  forSamples: number;
  /** Least time that the rule stays fired, milliseconds. */
  holdMs: number;
}

export type Transition = "none" | "fired" | "released";

/**
 * Whether a rule is fired. It fires when its comparison held in `forSamples` evaluations in a row. It is
 * released when the comparison with the release bound no longer holds and the hold time is over. An absent
 * side (NaN) releases it: a rule never acts on an unknown value.
 */
export class RuleState {
  readonly #machine: RuleMachine;
  fired = false;
  /** At the last evaluation; NaN where absent. */
  value = Number.NaN;
  threshold = Number.NaN;
  #inARow = 0;
  #firedAtMs = 0;

  constructor(machine: RuleMachine) {
    this.#machine = machine;
  }

  /** Whether a side of the comparison was absent at the last evaluation. */
  get inert(): boolean {
    return Number.isNaN(this.value) || Number.isNaN(this.threshold);
  }

  /** Whether the comparison holds; changes only `value` and `threshold`. */
  peek(values: Float64Array): boolean {
    this.value = this.#machine.left(values);
    this.threshold = this.#machine.threshold(values);
    return holds(this.value, this.#machine.comparison, this.threshold);
  }

  /** `fresh`: one of its readings is new, so the evaluation counts for `forSamples`. */
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

  /**
   * Never on the wrong side of the threshold, so that a rule cannot fire and be released at the same value.
   */
  #releaseBound(values: Float64Array): number {
    const { comparison, release } = this.#machine;
    const bound = "share" in release ? release.share * this.threshold : release.bound(values);
    // If the bound is absent, the threshold is used.
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

import { describe, expect, test } from "vitest";
import type { RuleMachine } from "../../../src/guard/rules/rule-state.js";
import { RuleState } from "../../../src/guard/rules/rule-state.js";
import { seededRandom } from "../../../src/base/stats/random.js";

function machine(options: Partial<RuleMachine> = {}): RuleState {
  return new RuleState({
    comparison: ">",
    left: (values) => values[0] ?? Number.NaN,
    threshold: () => 100,
    release: { share: 0.9 },
    forSamples: 1,
    holdMs: 0,
    ...options,
  });
}

/** The state after each value, a millisecond apart. */
function states(state: RuleState, values: readonly number[]): boolean[] {
  return values.map((value, index) => {
    state.evaluate(new Float64Array([value]), index);
    return state.fired;
  });
}

describe("hysteresis", () => {
  test("fires above the threshold, and is released at nine tenths of it", () => {
    expect(states(machine(), [100, 100.5, 100, 95, 90.1, 90, 99, 101])).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test(">= fires at the threshold and is released below the bound", () => {
    const state = machine({ comparison: ">=", release: { bound: () => 80 } });
    expect(states(state, [99, 100, 80, 79, 80])).toEqual([false, true, true, false, false]);
  });

  test("< is the mirror image", () => {
    const state = machine({ comparison: "<", release: { share: 1.1 } });
    expect(states(state, [100, 99, 105, 109.9, 110.1, 105, 99])).toEqual([
      false,
      true,
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test("a release bound beyond the threshold counts as the threshold", () => {
    const state = machine({ release: { bound: () => 500 } });
    expect(states(state, [101, 101, 100])).toEqual([true, true, false]);
  });
});

test("forSamples counts evaluations in a row, and only those with something new", () => {
  const state = machine({ forSamples: 3 });
  expect(states(state, [101, 101, 99, 101, 101])).toEqual([false, false, false, false, false]);
  state.evaluate(new Float64Array([101]), 6, false);
  expect(state.fired).toBe(false);
  state.evaluate(new Float64Array([101]), 7);
  expect(state.fired).toBe(true);
});

test("a hold keeps it fired until its time is over", () => {
  const state = machine({ holdMs: 3 });
  expect(states(state, [101, 10, 10, 10])).toEqual([true, true, true, false]);
});

test("an absent value releases, and the count begins anew", () => {
  const state = machine({ forSamples: 2, holdMs: 1000 });
  expect(states(state, [101, 101, Number.NaN, 101, 101])).toEqual([false, true, false, false, true]);
});

test("it never fires more often than the value crosses the threshold, nor at all without crossing it", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const values = Array.from({ length: 300 }, () => 80 + 40 * random());
    const share = random();
    const forSamples = 1 + Math.floor(3 * random());
    const fired = states(
      machine({ release: { share }, forSamples, holdMs: Math.floor(5 * random()) }),
      values,
    );
    const rises = (over: readonly boolean[]): number =>
      over.filter((now, index) => now && over[index - 1] !== true).length;
    const crossings = rises(values.map((value) => value > 100));
    expect(rises(fired)).toBeLessThanOrEqual(crossings);
    if (forSamples === 1) expect(rises(fired)).toBeGreaterThan(0);
  }
});

import { describe, expect, test } from "vitest";
import type { EndedTrial } from "../../../src/experiment/rollout/index.js";
import { judge } from "../../../src/experiment/rollout/judge.js";
import type { Bound } from "../../../src/experiment/rollout/index.js";

const ok = (cost: EndedTrial["readings"][string]): EndedTrial => ({ outcome: "ok", readings: { cost } });
const atMost = (limit: number): Bound => ({ reading: "cost", kind: "atMost", limit });
const times: Bound = { reading: "cost", kind: "atMostTimesPrevious", limit: 1.5 };

test("a bound that is reached is met, one that is passed is not", () => {
  expect(judge([atMost(10)], [ok(10)], undefined)).toMatchObject({ passed: true });
  const over = judge([atMost(10)], [ok(10.5)], undefined);
  expect(over).toMatchObject({ passed: false, checks: [{ boundary: 10, value: 10.5, met: false }] });
  const atLeast: Bound = { reading: "cost", kind: "atLeast", limit: 3 };
  expect(judge([atLeast], [ok(3)], undefined).passed).toBe(true);
  expect(judge([atLeast], [ok(2)], undefined).passed).toBe(false);
});

test("the worst trial counts, and of the stage before the median", () => {
  expect(judge([atMost(10)], [ok(1), ok(11), ok(2)], undefined).checks[0]).toMatchObject({
    value: 11,
    met: false,
  });
  // 1.5 times the median of 4, 6 and 100 is 9.
  const previous = [ok(4), ok(100), ok(6)];
  expect(judge([times], [ok(9)], previous).checks[0]).toMatchObject({ boundary: 9, met: true });
  expect(judge([times], [ok(9.5)], previous).passed).toBe(false);
});

test("without a stage before, what compares with it is left out", () => {
  expect(judge([times, atMost(10)], [ok(9)], undefined).checks).toHaveLength(1);
});

describe("a reading that is no number meets nothing", () => {
  test.each<[string, EndedTrial, RegExp]>([
    ["not read", { outcome: "ok", readings: {} }, /^cost was not read$/],
    ["absent", ok({ absent: "no driver" }), /^cost is unknown: no driver$/],
    ["a bound", ok({ above: 2, reason: "it ended early" }), /^cost is unknown: it ended early$/],
    [
      "a name of every object",
      { outcome: "ok", readings: Object.create({ cost: 1 }) as EndedTrial["readings"] },
      /was not read/,
    ],
  ])("%s", (_, trial, why) => {
    const { passed, checks } = judge([atMost(10)], [trial], undefined);
    expect(passed).toBe(false);
    expect(checks[0]?.why).toMatch(why);
    expect(checks[0]).not.toHaveProperty("value");
  });

  test("also in the stage before", () => {
    const { passed, checks } = judge([times], [ok(1)], [{ outcome: "ok", readings: {} }]);
    expect(passed).toBe(false);
    expect(checks[0]?.why).toBe("of the stage before, cost was not read");
  });
});

test("a cell that did not end well fails, whatever it read", () => {
  const broken: EndedTrial = { outcome: "oom-device", cause: "the pool was full", readings: { cost: 1 } };
  expect(judge([atMost(10)], [broken], undefined)).toMatchObject({
    passed: false,
    failure: "oom-device: the pool was full",
  });
});

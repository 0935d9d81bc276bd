import { expect, test } from "vitest";
import { rangeConfidence, rangeInterval } from "../../../src/base/stats/interval.js";

test("the interval is the median with the range", () => {
  expect(rangeInterval([3, 1, 2])).toEqual({ value: 2, low: 1, high: 3 });
  expect(rangeInterval([736])).toEqual({ value: 736, low: 736, high: 736 });
});

test("no values have no interval", () => {
  expect(() => rangeInterval([])).toThrow(RangeError);
});

test("the range of n values misses the median only when all lie on one side: 2 x (1/2)^n", () => {
  expect(rangeConfidence(5)).toBe(1 - 2 * 0.5 ** 5);
  expect(rangeConfidence(5)).toBe(0.9375);
  expect(rangeConfidence(1)).toBe(0);
  expect(rangeConfidence(0)).toBe(0);
});

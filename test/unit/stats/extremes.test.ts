import { expect, test } from "vitest";
import { percent } from "../../../src/base/format.js";
import { largestOf, smallestOf } from "../../../src/base/stats/extremes.js";
import { median } from "../../../src/base/stats/median.js";

test("the extremes of a million values need no stack", () => {
  const values = Array.from({ length: 1_000_000 }, (_, n) => n);
  expect([smallestOf(values), largestOf(values)]).toEqual([0, 999_999]);
  expect([largestOf([]), smallestOf([]), largestOf([1, NaN, 2])]).toEqual([-Infinity, Infinity, NaN]);
});

test("the median of two large values is between them and finite", () => {
  expect(median([2 ** 1023, 1.5 * 2 ** 1023])).toBe(1.25 * 2 ** 1023);
  expect(median([1, 2])).toBe(1.5);
});

test("a share of nothing is not called a number", () => {
  expect([percent(0 / 0), percent(1 / 0), percent(0.5)]).toEqual([
    "an unknown share",
    "an unknown share",
    "50.00 %",
  ]);
});

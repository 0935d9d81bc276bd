import { expect, test } from "vitest";
import { median } from "../../../src/base/stats/median.js";

test("the median of an even number is the mean of the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5])).toBe(5);
  expect(median([])).toBeNaN();
});

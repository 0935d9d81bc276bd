import { expect, test } from "vitest";
import { judgeShape } from "../../../src/base/stats/shape.js";
import { theilSen } from "../../../src/base/stats/theil-sen.js";

function shapeOf(ys: number[], noise = 0): string {
  const points = ys.map((y, index) => ({ x: index + 1, y }));
  return judgeShape(points, theilSen(points) ?? { slope: 0, intercept: 0, pairs: 0 }, noise).shape;
}

test("a line is linear", () => {
  expect(shapeOf([10, 20, 30, 40])).toBe("linear");
  expect(shapeOf([7, 7, 7, 7])).toBe("linear");
});

test("squares grow", () => {
  expect(shapeOf([1, 4, 9, 16, 25, 36])).toBe("growing");
});

test("square roots shrink", () => {
  expect(shapeOf([1, 2, 3, 4, 5, 6].map((x) => 100 * Math.sqrt(x)))).toBe("shrinking");
});

test("a capacity that doubles makes steps", () => {
  expect(shapeOf([8, 8, 16, 16, 32, 32, 32, 32])).toBe("steps");
});

test("deviations within the noise of the null control are none", () => {
  expect(shapeOf([0, 30, 0, 30], 40)).toBe("linear");
});

test("two levels have no shape", () => {
  expect(shapeOf([1, 2])).toBe("unknown");
});

import { expect, test } from "vitest";
import { theilSen } from "../../../src/base/stats/theil-sen.js";

test("points on a line give that line", () => {
  const line = theilSen([1, 2, 5].map((x) => ({ x, y: 3 * x + 7 })));
  expect(line).toEqual({ slope: 3, intercept: 7, pairs: 3 });
});

test("one wild point of five does not move it", () => {
  const points = [1, 2, 3, 4, 5].map((x) => ({ x, y: 10 * x }));
  points[2] = { x: 3, y: 1e6 };
  expect(theilSen(points)?.slope).toBe(10);
});

test("pairs of equal x do not count", () => {
  // Slopes: (1,0)-(2,4) = 4, (1,2)-(2,4) = 2; median 3.
  const line = theilSen([
    { x: 1, y: 0 },
    { x: 1, y: 2 },
    { x: 2, y: 4 },
  ]);
  expect(line?.pairs).toBe(2);
  expect(line?.slope).toBe(3);
});

test("there is no line through one x", () => {
  expect(
    theilSen([
      { x: 1, y: 1 },
      { x: 1, y: 2 },
    ]),
  ).toBeUndefined();
  expect(theilSen([])).toBeUndefined();
});

import { expect, test } from "vitest";
import { gridOf } from "../../../src/experiment/grid.js";

test("every combination, the first factor varying slowest", () => {
  expect(gridOf({ a: [1, 2], b: ["x", "y"] })).toEqual([
    { a: 1, b: "x" },
    { a: 1, b: "y" },
    { a: 2, b: "x" },
    { a: 2, b: "y" },
  ]);
});

test("excluded combinations are left out", () => {
  expect(gridOf({ a: [1, 2], b: [3, 4] }, [{ a: 1, b: 4 }, { b: 3 }])).toEqual([{ a: 2, b: 4 }]);
});

test("no factors are one cell", () => {
  expect(gridOf({})).toEqual([{}]);
});

import { expect, test } from "vitest";
import {
  ASSISTANT_CHARACTERS,
  quantile,
  stratumLengths,
  USER_CHARACTERS,
} from "../../../src/corpus/quantiles.js";

test.each([
  ["user", USER_CHARACTERS],
  ["assistant", ASSISTANT_CHARACTERS],
])("the %s function goes through its published points", (_who, points) => {
  for (const [share, characters] of points) expect(quantile(points, share)).toBeCloseTo(characters, 6);
});

test("between two points it is straight in the logarithm", () => {
  // Half way from 29 at 5 % to 62 at 25 %: the geometric mean.
  expect(quantile(USER_CHARACTERS, 0.15)).toBeCloseTo(Math.sqrt(29 * 62), 6);
});

test("beyond the outer points it goes on with their slope", () => {
  // From 672 at 95 % to 1,556 at 99 % the factor is 2.3155 for 4 %; 1 % more is its fourth root.
  expect(quantile(USER_CHARACTERS, 1)).toBeCloseTo(1556 * (1556 / 672) ** 0.25, 6);
});

test("the text per message does not depend on the number of messages", () => {
  const mean = (count: number): number => {
    const lengths = stratumLengths(ASSISTANT_CHARACTERS, count);
    return lengths.reduce((sum, length) => sum + length, 0) / count;
  };
  for (const count of [10, 50, 100, 1000]) expect(Math.abs(mean(count) / mean(10) - 1)).toBeLessThan(0.001);
});

test("many strata follow the quantiles", () => {
  const lengths = stratumLengths(USER_CHARACTERS, 1000).sort((a, b) => a - b);
  for (const [share, characters] of USER_CHARACTERS) {
    const read = lengths[Math.floor(share * 1000)] ?? Number.NaN;
    expect(Math.abs(read / characters - 1)).toBeLessThan(0.03);
  }
});

test("no messages have no lengths", () => {
  expect(stratumLengths(USER_CHARACTERS, 0)).toEqual([]);
});

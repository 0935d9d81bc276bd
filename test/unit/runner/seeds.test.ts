import { expect, test } from "vitest";
import { numberSeedOf, seedOf } from "../../../src/runner/seeds.js";

const FIVE = [0, 1, 2, 3, 4];

test("the repetitions of three seeds get fifteen different ones, the first as it was given", () => {
  for (const seedsOf of [
    (seed: number) => FIVE.map((repetition) => seedOf({ seed }, 1, repetition)),
    (seed: number) => FIVE.map((repetition) => seedOf({ size: 5 }, seed, repetition)),
  ]) {
    const seeds = [1, 2, 3].map(seedsOf);
    expect(seeds.map(([first]) => first)).toEqual([1, 2, 3]);
    expect(new Set(seeds.flat()).size).toBe(15);
    expect(seeds).toEqual([1, 2, 3].map(seedsOf));
    for (const seed of seeds.flat()) expect(Number(seed)).toBeLessThan(2 ** 31);
  }
});

test("a factor named seed is taken before the seed of the run", () => {
  expect(seedOf({ seed: "abc" }, 7, 0)).toBe("abc");
  expect(seedOf({ seed: 5 }, 7, 3)).toBe(seedOf({ seed: 5 }, 8, 3));
  expect(seedOf({ constructor: 5 }, 7, 0)).toBe(7);
});

test("an experiment can ask for the same seed in all repetitions", () => {
  expect(FIVE.map((repetition) => seedOf({ seed: 5 }, 1, repetition, "same"))).toEqual([5, 5, 5, 5, 5]);
});

test("a module is told a number, also for a seed that is a text", () => {
  expect(numberSeedOf({ seed: 5 }, 1, 0)).toBe(5);
  expect(Number.isSafeInteger(numberSeedOf({ seed: "abc" }, 1, 0))).toBe(true);
});

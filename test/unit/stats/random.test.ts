import { expect, test } from "vitest";
import { seededRandom, shuffled } from "../../../src/base/stats/random.js";

test("a seed gives the same numbers again, another seed others", () => {
  const take = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
  expect(take(1)).toEqual(take(1));
  expect(take(1)).not.toEqual(take(2));
});

test("numbers fill [0, 1) evenly", () => {
  const random = seededRandom(3);
  const counts = new Array<number>(10).fill(0);
  for (let drawn = 0; drawn < 10_000; drawn++) {
    const place = Math.floor(10 * random());
    counts[place] = (counts[place] ?? 0) + 1;
  }
  // 1,000 each, standard deviation 30: five of them either way.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("shuffling keeps the items and leaves the list alone", () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const mixed = shuffled(items, seededRandom(1));
  expect(mixed).not.toEqual(items);
  expect([...mixed].sort()).toEqual(items);
  expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

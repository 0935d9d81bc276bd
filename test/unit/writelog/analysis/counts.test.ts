import { expect, test } from "vitest";
import { bucketsOf, topBuckets } from "../../../../src/writelog/analysis/buckets.js";
import { Cells } from "../../../../src/writelog/analysis/cells.js";
import { Similarities } from "../../../../src/writelog/analysis/scores.js";
import { StepSet } from "../../../../src/writelog/analysis/step-set.js";
import { wilson } from "../../../../src/writelog/analysis/wilson.js";
import { lagCorrelations, pearson } from "../../../../src/writelog/analysis/windows.js";
import { COMMIT, PROMOTE, STAGE } from "../../../../src/writelog/event.js";

const room = { left: 1 << 30 };

test("buckets hold 100 steps each, the first of them included", () => {
  const cells = new Cells(room);
  for (const step of [0, 99, 100, 199, 100_000]) cells.add(step, COMMIT);
  cells.add(150, STAGE);
  expect(bucketsOf(cells).map(({ step, commit, stage }) => [step, commit, stage])).toEqual([
    [0, 2, 0],
    [100, 2, 1],
    [100_000, 1, 0],
  ]);
});

test("more than 65,535 events of one step are all counted", () => {
  const cells = new Cells(room);
  for (let n = 0; n < 70_000; n += 1) cells.add(5, COMMIT);
  expect(bucketsOf(cells)[0]?.commit).toBe(70_000);
});

test("steps that are too far apart for the memory are counted as omitted", () => {
  const cells = new Cells({ left: 10_000 });
  for (let n = 0; n < 100; n += 1) cells.add(n * 1_000_000, COMMIT);
  const kept = bucketsOf(cells).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept + cells.omitted).toBe(100);
});

test("of buckets with as many events the earlier comes first", () => {
  const cells = new Cells(room);
  for (const step of [500, 100, 100, 300, 300]) cells.add(step, STAGE);
  expect(topBuckets(bucketsOf(cells), "stage", 2).map(({ step }) => step)).toEqual([100, 300]);
});

test("a step counts once in a set of steps, and the last before a bound is found", () => {
  const steps = new StepSet(room);
  for (const step of [5, 5, 4095, 4096, 31, 32, 1_000_000, 5]) steps.add(step);
  expect(steps.size).toBe(6);
  expect([...steps]).toEqual([5, 31, 32, 4095, 4096, 1_000_000]);
  expect(steps.lastBefore(4096)).toBe(4095);
  expect(steps.lastBefore(5)).toBeUndefined();
});

test("Wilson's interval is that of the textbook, and says something for none of ten", () => {
  const none = wilson(0, 10);
  expect(none?.low).toBe(0);
  // z^2 / (n + z^2) with z = 1.96.
  expect(none?.high).toBeCloseTo(0.27754, 4);
  const half = wilson(5, 10);
  expect(half?.low).toBeCloseTo(0.2366, 4);
  expect(half?.high).toBeCloseTo(0.7634, 4);
  expect(wilson(0, 0)).toBeUndefined();
});

test("similarities below a threshold are counted to the hundredth", () => {
  const similarities = new Similarities();
  [0.1, 0.29, 0.299, 0.3, -0.5].forEach((value, line) => {
    similarities.add(value, line);
  });
  expect(similarities.below(30)).toBe(4);
  expect(similarities.below(29)).toBe(2);
  expect(similarities).toMatchObject({ min: -0.5, minLine: 4, max: 0.3, maxLine: 3 });
});

test("an action that follows another by 200 steps is found at that lag", () => {
  const cells = new Cells(room);
  // Bursts of ten stages, each with its promotions 200 steps later, at uneven distances.
  [300, 900, 1300, 2200, 2700, 3900].forEach((step) => {
    for (let n = 0; n < 10; n += 1) {
      cells.add(step + n, STAGE);
      cells.add(step + 200 + n, PROMOTE);
    }
  });
  const [pair] = lagCorrelations(cells, { from: 0, to: 5000 });
  expect(pair?.pair).toBe("stage, promote");
  expect(pair?.strongest.lagSteps).toBe(200);
  expect(pair?.strongest.correlation).toBeGreaterThan(0.99);
});

test("Pearson's correlation of a line is 1, of its mirror -1, of a constant unknown", () => {
  expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(pearson([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  expect(pearson([1, 2, 3], [5, 5, 5])).toBeUndefined();
});

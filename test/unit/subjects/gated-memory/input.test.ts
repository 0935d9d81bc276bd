import { expect, test } from "vitest";
import { settingsOf } from "../../../../experiments/subjects/gated-memory/settings.js";
import { planeMemory } from "./support/memory.js";

test.each([
  [{ dimension: 0 }, "dimension must be a whole number from 1, not 0"],
  [{ maxItems: 1.5 }, "maxItems must be a whole number from 1, not 1.5"],
  [{ writePer100: -1 }, "writePer100 must be a whole number from 0, or Infinity, not -1"],
  [{ promoteEvery: 0 }, "promoteEvery must be a number of steps from 1, or Infinity, not 0"],
  [{ entropyFloor: 1.1 }, "entropyFloor must be from 0 to 1, not 1.1"],
  [{ nearMergeThr: Number.NaN }, /^nearMergeThr must be a number; similarities are -1 to 1/],
])("a setting that no memory can have is refused: %j", (changes, message) => {
  expect(() => settingsOf(changes)).toThrow(message);
});

test.each([
  [Float32Array.of(1, 0, 0), "an embedding must have 2 numbers, not 3"],
  [Float32Array.of(0, 0), "an embedding must have a direction; its length is 0"],
  [Float32Array.of(Number.NaN, 1), "an embedding must have a direction; its length is NaN"],
  [Float32Array.of(Infinity, 1), "an embedding must have a direction; its length is Infinity"],
])("an embedding without a direction is refused and changes nothing", (embedding, message) => {
  const { memory, told, offer } = planeMemory();
  expect(() => offer(0, { embedding })).toThrow(message);
  expect([memory.size, told.length]).toEqual([0, 0]);
});

test.each([-0.1, 1.1, Number.NaN])("an entropy of %d is refused", (entropy) => {
  const { offer } = planeMemory();
  expect(() => offer(0, { entropy })).toThrow(`entropy must be from 0 to 1, not ${entropy}`);
});

test("a step before the last one is refused", () => {
  const { offer } = planeMemory();
  offer(0, { step: 10 });
  expect(() => offer(0, { step: 9 })).toThrow("steps must not go back: the memory is at 10, the event at 9");
});

test("the memory keeps copies: a producer may use its buffer again", () => {
  const { memory, offer } = planeMemory({ stageMidLow: 0.73 });
  const buffer = Float32Array.of(1, 0);
  offer(0, { embedding: buffer });
  buffer.set([0.9, 0.3]);
  offer(0, { embedding: buffer });
  buffer.set([0, 1]);
  expect([...memory.key(0)]).toEqual([1, 0]);
  expect([...(memory.items[0]?.value ?? [])]).toEqual([1, 0]);
  expect(memory.staged()[0]?.embedding[0]).toBeCloseTo(0.9 / Math.hypot(0.9, 0.3), 6);
});

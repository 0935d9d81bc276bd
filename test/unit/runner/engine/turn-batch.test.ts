import { expect, test } from "vitest";
import { TurnBatch } from "../../../../src/runner/engine/turn-batch.js";

const MIB = 2 ** 20;
const unit = { experiment: "grid", cell: "hash", trial: 0 };

test("what was added is taken once, with the attempt that it is of", () => {
  const batch = new TurnBatch(unit, 2);
  batch.add({ n: 1 });
  expect(batch.take()).toEqual([{ type: "turn", ...unit, attempt: 2, record: { n: 1 } }]);
  expect(batch.take()).toEqual([]);
  expect(batch.dropped).toBe(0);
});

test.each([
  ["long", { text: "x".repeat(MIB) }],
  ["short", { n: 1 }],
])("%s records fill 64 MiB of a journal at most, and the others are counted", (_kind, record) => {
  const batch = new TurnBatch(unit, 1);
  const count = 500_000;
  let bytes = 0;
  for (let n = 0; n < count && batch.dropped < 10; n++) {
    batch.add(record);
    bytes += batch.take().reduce((sum, each) => sum + JSON.stringify(each).length, 0);
  }
  expect(batch.dropped).toBe(10);
  expect(bytes).toBeLessThan(66 * MIB);
});

test("a record that is nested too deep to be written is left out and counted", () => {
  const batch = new TurnBatch(unit, 1);
  let deep: unknown = 1;
  for (let level = 0; level < 20_000; level++) deep = [deep];
  for (const record of [deep, { n: 1 }]) batch.add(record);
  expect(batch.take()).toMatchObject([{ record: { n: 1 } }]);
  expect(batch.dropped).toBe(1);
});

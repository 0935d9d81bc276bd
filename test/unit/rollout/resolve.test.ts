import { expect, test } from "vitest";
import { resolveRollout, rolloutGrid } from "../../../src/experiment/rollout/index.js";
import { PLAN } from "./plans.js";

test("a stage keeps the flags of the stage before it and changes its own", () => {
  const [first, a, b] = resolveRollout(PLAN);
  expect(first).toMatchObject({ flags: { spawn: 0, wide: false, deep: false }, changed: [] });
  expect(first).not.toHaveProperty("previous");
  expect(a).toMatchObject({ previous: "stabilise", flags: { spawn: 1, wide: false }, changed: ["spawn"] });
  expect(b).toMatchObject({
    previous: "A",
    flags: { spawn: 1, wide: true, deep: true },
    changed: ["wide", "deep"],
  });
});

test("a fallback keeps the flags of the first stage and of the fallbacks before it", () => {
  const [, , , less, least] = resolveRollout(PLAN);
  expect(less).toMatchObject({ fallback: true, flags: { spawn: -1, wide: false, deep: false } });
  expect(least).toMatchObject({ fallback: true, flags: { spawn: -1, wide: false, deep: false } });
  expect(least).not.toHaveProperty("previous");
});

test("stages run after those that they need, and as listed where there is a choice", () => {
  const stages = resolveRollout({
    ...PLAN,
    stages: [
      { name: "last", flags: {}, after: ["one", "two"] },
      { name: "one", flags: { wide: true }, after: "start" },
      { name: "two", flags: { deep: true }, after: "start" },
      { name: "start", flags: {}, after: [] },
    ],
    fallback: [],
  });
  expect(stages.map(({ name }) => name)).toEqual(["start", "one", "two", "last"]);
  // Both branches count, although the later one leaves the flag of the earlier as it was.
  expect(stages[3]).toMatchObject({ previous: "two", flags: { wide: true, deep: true }, changed: ["wide"] });
});

test("bounds of a stage take the place of the plan's on the same reading, with sizes as bytes and times as ms", () => {
  const [stage] = resolveRollout({
    ...PLAN,
    criteria: { cost: { atMost: 10 }, heldBytes: { atMost: "2 KiB" } },
    stages: [{ name: "a", flags: {}, criteria: { cost: { atMost: 5 }, stepMs: { atMost: "2 s" } } }],
  });
  expect(stage?.bounds).toEqual([
    { reading: "cost", kind: "atMost", limit: 5 },
    { reading: "heldBytes", kind: "atMost", limit: 2048 },
    { reading: "stepMs", kind: "atMost", limit: 2000 },
  ]);
});

test("the grid has each stage, and each flag alone of a stage that changes several", () => {
  const grid = rolloutGrid(resolveRollout(PLAN));
  expect(grid).toEqual([
    { stage: "stabilise", change: "all", spawn: 0, wide: false, deep: false },
    { stage: "A", change: "all", spawn: 1, wide: false, deep: false },
    { stage: "B", change: "all", spawn: 1, wide: true, deep: true },
    { stage: "B", change: "wide", spawn: 1, wide: true, deep: false },
    { stage: "B", change: "deep", spawn: 1, wide: false, deep: true },
    { stage: "less", change: "all", spawn: -1, wide: false, deep: false },
    { stage: "least", change: "all", spawn: -1, wide: false, deep: false },
  ]);
});

import { describe, expect, test } from "vitest";
import { DEFAULTS } from "../../../../experiments/subjects/gated-memory/settings.js";
import { cos, planeMemory } from "./support/memory.js";

test("the public defaults", () => {
  expect(DEFAULTS).toMatchObject({
    maxItems: 32_000,
    shadowBankCap: 300,
    writePerTurn: 1,
    writePer100: 6,
    dupSkipThr: 0.95,
    nearMergeThr: 0.84,
    stageMidLow: 0.73,
    entropyFloor: 0.3,
    warmupSteps: 200,
    topk: 6,
  });
});

test("with every gate off each event is committed", () => {
  const { memory, offer } = planeMemory();
  expect([offer(0), offer(0), offer(180)]).toEqual([["commit add"], ["commit add"], ["commit add"]]);
  expect(memory.items.map(({ id }) => id)).toEqual([0, 1, 2]);
});

test("warm-up defers until its last step and looks at nothing", () => {
  const { told, offer } = planeMemory({ warmupSteps: 200, entropyFloor: 0.3 });
  expect(offer(0, { step: 199, entropy: 0 })).toEqual(["defer warmup"]);
  expect(told[0]).toEqual({ step: 199, action: "defer", reason: "warmup", shadowSize: 0, memSize: 0 });
  expect(offer(0, { step: 200 })).toEqual(["commit add"]);
});

test("the entropy floor defers what is below it and lets pass what is on it", () => {
  const { offer } = planeMemory({ entropyFloor: 0.3 });
  expect(offer(0, { entropy: 0.29 })).toEqual(["defer entropy_floor"]);
  expect(offer(0, { entropy: 0.3 })).toEqual(["commit add"]);
});

test("a duplicate is skipped: 18 degrees are 0.951, 19 degrees are 0.946", () => {
  const { memory, told, offer } = planeMemory({ dupSkipThr: 0.95 });
  offer(0);
  expect(offer(18)).toEqual(["skip dup_skip"]);
  expect(told[1]?.simMax).toBeCloseTo(cos(18), 6);
  expect(offer(19)).toEqual(["commit add"]);
  expect(memory.size).toBe(2);
});

test("length does not count, only direction", () => {
  const { offer } = planeMemory({ dupSkipThr: 0.95 });
  offer(0, { embedding: Float32Array.of(0.001, 0) });
  expect(offer(0, { embedding: Float32Array.of(1000, 0) })).toEqual(["skip dup_skip"]);
});

describe("near merge", () => {
  test("with k = 1 the nearest alone decides, and the row says near_merge", () => {
    const { told, offer } = planeMemory({ nearMergeThr: 0.84, mergeNeighbours: 1 });
    offer(0);
    offer(180);
    expect(offer(32)).toEqual(["merge near_merge"]); // 0.848
    expect(told[2]).toMatchObject({ usedKey: 0 });
    expect(offer(33)).toEqual(["commit add"]); // 0.839
  });

  test("with k = 3 the mean over the three nearest decides", () => {
    const { told, offer } = planeMemory({ nearMergeThr: 0.5, mergeNeighbours: 3 });
    // The items are 90, 90 and 180 degrees apart from the first, so that each is added.
    for (const degrees of [0, 90, 180, 270]) expect(offer(degrees)).toEqual(["commit add"]);
    // To the three nearest of 0: 1, 0 and 0, a mean of 1/3: below.
    expect(offer(0)).toEqual(["commit add"]);
    expect(told.at(-1)?.kSim).toBeCloseTo(1 / 3, 6);
    // There are two at 0 now: 1, 1 and 0, a mean of 2/3: merged into the first of the two.
    expect(offer(0)).toEqual(["merge near_merge_k3"]);
    expect(told.at(-1)?.kSim).toBeCloseTo(2 / 3, 6);
    expect(told.at(-1)).toMatchObject({ usedKey: 0, simMax: 1 });
  });

  test.each([
    ["nearest", "merge near_merge_k3", cos(45)],
    ["mean", "commit add", 0],
    ["open", "commit add", undefined],
  ] as const)("of fewer than 3 items %s decides", (fewNeighbours, row, similarity) => {
    const { told, offer } = planeMemory({ nearMergeThr: 0.5, fewNeighbours });
    offer(0);
    offer(180);
    expect(offer(45)).toEqual([row]); // 0.707 to the nearest, 0 in the mean
    const { kSim } = told[2] ?? {};
    if (similarity === undefined) expect(kSim).toBeUndefined();
    else expect(kSim).toBeCloseTo(similarity, 6);
  });

  test("a merge moves the value by a fifth and leaves the key", () => {
    const { memory, offer } = planeMemory({ nearMergeThr: 0.5, mergeNeighbours: 1 });
    offer(0);
    offer(45);
    // 0.8 (1, 0) + 0.2 (cos 45, sin 45) = (0.9414, 0.1414), of length 0.952.
    const [item] = memory.items;
    expect(item?.value[0]).toBeCloseTo(0.98891, 4);
    expect(item?.value[1]).toBeCloseTo(0.14855, 4);
    expect([...memory.key(0)]).toEqual([1, 0]);
    expect(item?.merges).toBe(1);
  });

  test("where merges move keys the next newcomer meets the moved one", () => {
    const { memory, told, offer } = planeMemory({ nearMergeThr: 0.5, mergeNeighbours: 1, keyBlend: 0.2 });
    offer(0);
    offer(45);
    expect(memory.key(0)[1]).toBeCloseTo(0.14855, 4);
    offer(0);
    expect(told.at(-1)?.simMax).toBeCloseTo(0.98891, 4);
  });

  test("a merge into the opposite direction of equal share has no direction and changes nothing", () => {
    const { memory, offer } = planeMemory({ nearMergeThr: -1, mergeNeighbours: 1, valueBlend: 0.5 });
    offer(0);
    expect(offer(180)).toEqual(["merge near_merge"]);
    expect([...(memory.items[0]?.value ?? [])]).toEqual([1, 0]);
  });
});

test("what is near but not to be merged is staged, with its surprise as the score", () => {
  const { memory, told, offer } = planeMemory({ stageMidLow: 0.73 });
  offer(0);
  expect(offer(43)).toEqual(["stage staged"]); // 0.731
  expect(told[1]?.score).toBeCloseTo(1 - cos(43), 6);
  expect(offer(44)).toEqual(["commit add"]); // 0.719
  expect([memory.size, memory.shadowSize]).toEqual([2, 1]);
});

test("surprise is 1 less the mean similarity to the topk nearest", () => {
  const { told, offer } = planeMemory({ topk: 2 });
  for (const degrees of [0, 90, 180]) offer(degrees);
  offer(0);
  // The two nearest: 1 and 0.
  expect(told[3]?.surprise).toBeCloseTo(0.5, 6);
  expect(told[0]).toMatchObject({ simMax: -1 });
  expect(told[0]).not.toHaveProperty("surprise");
});

test("the gates stand in their order: each event would be held by all that follow", () => {
  const { offer } = planeMemory({
    warmupSteps: 1,
    entropyFloor: 0.3,
    dupSkipThr: 0.95,
    nearMergeThr: 0.9,
    stageMidLow: 0.8,
    mergeNeighbours: 1,
    writePerTurn: 1,
  });
  expect(offer(0, { step: 0, entropy: 0 })).toEqual(["defer warmup"]);
  expect(offer(0, { step: 1 })).toEqual(["commit add"]);
  expect(offer(0, { step: 1, entropy: 0 })).toEqual(["defer entropy_floor"]);
  expect(offer(0, { step: 1 })).toEqual(["skip dup_skip"]);
  expect(offer(20, { step: 1 })).toEqual(["merge near_merge"]); // 0.94
  expect(offer(30, { step: 1 })).toEqual(["stage staged"]); // 0.87
  expect(offer(90, { step: 1 })).toEqual(["defer rate_limited", "stage staged"]);
  expect(offer(90, { step: 2 })).toEqual(["commit add"]);
});

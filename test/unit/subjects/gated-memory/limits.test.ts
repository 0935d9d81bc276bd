import { describe, expect, test } from "vitest";
import { cos, planeMemory } from "./support/memory.js";

describe("rate limits", () => {
  test("a turn has one commit, and what comes late is staged behind all others", () => {
    const { told, offer } = planeMemory({ writePerTurn: 1 });
    expect(offer(0, { step: 5 })).toEqual(["commit add"]);
    expect(offer(90, { step: 5 })).toEqual(["defer rate_limited", "stage staged"]);
    expect(told.at(-1)).toMatchObject({ score: 0, shadowSize: 1, memSize: 1 });
    expect(offer(90, { step: 6 })).toEqual(["commit add"]);
  });

  test("six commits in 100 steps: the seventh waits until the first is 100 steps old", () => {
    const { offer } = planeMemory({ writePer100: 6 });
    for (let step = 10; step < 16; step++) expect(offer(0, { step })).toEqual(["commit add"]);
    expect(offer(0, { step: 16 })[0]).toBe("defer rate_limited");
    expect(offer(0, { step: 109 })[0]).toBe("defer rate_limited");
    expect(offer(0, { step: 110 })).toEqual(["commit add"]);
    expect(offer(0, { step: 110 })[0]).toBe("defer rate_limited");
  });
});

describe("promotion", () => {
  test("takes the best scores at the next multiple of 50, and the row has the step of the staging", () => {
    const { told, memory, offer } = planeMemory({ stageMidLow: 0.73, promoteEvery: 50, writePer100: 3 });
    offer(0, { step: 1 });
    offer(10, { step: 2 });
    offer(30, { step: 3 });
    offer(20, { step: 4 });
    expect(memory.shadowSize).toBe(3);
    // One commit is 49 steps old: two of three writes are left.
    expect(offer(90, { step: 50 })).toEqual([
      "promote shadow_promote",
      "promote shadow_promote",
      "defer rate_limited",
      "stage staged",
    ]);
    expect(told.slice(4, 6)).toMatchObject([
      { step: 3, score: told[2]?.score, shadowSize: 2, memSize: 2 },
      { step: 4, shadowSize: 1, memSize: 3 },
    ]);
    expect(told[2]?.simMax).toBeCloseTo(cos(30), 6);
    expect(memory.items.map(({ step }) => step)).toEqual([1, 3, 4]);
  });

  test("looks again: what became a duplicate or near in the meantime is no item", () => {
    const { offer, memory } = planeMemory({
      dupSkipThr: 0.99,
      nearMergeThr: 0.95,
      mergeNeighbours: 1,
      stageMidLow: 0.73,
      promoteEvery: 50,
    });
    offer(0, { step: 1 });
    for (const degrees of [30, 31, 42]) expect(offer(degrees, { step: 2 })).toEqual(["stage staged"]);
    // 42 degrees goes first and is an item; 31 is 0.982 near to it and merged, 30 is 0.978 near.
    expect(offer(180, { step: 50 })).toEqual([
      "promote shadow_promote",
      "merge near_merge",
      "merge near_merge",
      "commit add",
    ]);
    expect([memory.size, memory.shadowSize]).toEqual([3, 0]);
  });

  test("two of a kind in the bank become one item", () => {
    const { offer } = planeMemory({ dupSkipThr: 0.95, stageMidLow: 0.73, promoteEvery: 50 });
    offer(0, { step: 1 });
    offer(40, { step: 2 });
    offer(40, { step: 2 });
    expect(offer(180, { step: 60 })).toEqual(["promote shadow_promote", "skip dup_skip", "commit add"]);
  });

  test("looks at no more than a batch", () => {
    const { offer, memory } = planeMemory({ stageMidLow: 0.73, promoteEvery: 50, promoteBatch: 2 });
    offer(0, { step: 1 });
    for (const degrees of [10, 20, 30]) offer(degrees, { step: 2 });
    offer(180, { step: 99 });
    expect([memory.size, memory.shadowSize]).toEqual([4, 1]);
    offer(270, { step: 100 });
    expect([memory.size, memory.shadowSize]).toEqual([6, 0]);
  });
});

describe("shadow bank", () => {
  test("a full bank drops its worst", () => {
    const { offer, memory } = planeMemory({ stageMidLow: 0.73, shadowBankCap: 2 });
    offer(0);
    for (const degrees of [20, 30, 10, 25]) offer(degrees);
    const scores = memory.staged().map(({ score }) => score);
    expect(scores).toHaveLength(2);
    expect(scores[0]).toBeCloseTo(1 - cos(25), 6);
    expect(scores[1]).toBeCloseTo(1 - cos(30), 6);
  });

  test("of equal scores the younger is promoted first and the older makes room first", () => {
    const { offer, memory } = planeMemory({
      writePerTurn: 1,
      shadowBankCap: 2,
      promoteEvery: 50,
      writePer100: 2,
    });
    offer(0, { step: 1 });
    for (const degrees of [90, 180, 270]) offer(degrees, { step: 1 });
    const angles = memory
      .staged()
      .map(({ embedding: [x = 0, y = 0] }) => Math.round((Math.atan2(y, x) / Math.PI) * 180));
    expect(angles).toEqual([180, -90]);
    offer(0, { step: 50 });
    expect(memory.key(1)[1]).toBeCloseTo(-1, 6);
  });

  test("a bank of none keeps none", () => {
    const { offer, memory } = planeMemory({ stageMidLow: 0.73, shadowBankCap: 0 });
    offer(0);
    expect(offer(20)).toEqual(["stage staged"]);
    expect(memory.shadowSize).toBe(0);
  });

  test("what waited too long is given up at the next decay", () => {
    const { offer, memory } = planeMemory({ stageMidLow: 0.73, decayEvery: 100, shadowMaxAge: 150 });
    offer(0, { step: 1 });
    offer(20, { step: 2 });
    offer(25, { step: 50 });
    offer(30, { step: 80 });
    expect(offer(180, { step: 100 })).toEqual(["commit add"]);
    expect(offer(270, { step: 200 })).toEqual(["decay shadow_expired", "commit add"]);
    expect(memory.staged().map(({ step }) => step)).toEqual([50, 80]);
  });
});

describe("decay", () => {
  test("lowers the strength of all and drops the weak; a merge makes one strong again", () => {
    const { offer, memory, told } = planeMemory({
      nearMergeThr: 0.9,
      mergeNeighbours: 1,
      decayEvery: 100,
      decayFactor: 0.5,
      decayFloor: 0.3,
    });
    offer(0, { step: 1 });
    offer(90, { step: 1 });
    offer(90, { step: 150 });
    expect(memory.items.map(({ strength }) => strength)).toEqual([0.5, 1]);
    // At 200 the first is at 0.25 and goes.
    expect(offer(90, { step: 200 })).toEqual(["decay idle", "merge near_merge"]);
    expect(told.at(-2)).toMatchObject({ step: 200, usedKey: 0, memSize: 1 });
    expect(memory.items.map(({ id }) => id)).toEqual([1]);
    expect([...memory.key(0)][1]).toBeCloseTo(1, 6);
  });

  test("a duplicate makes one strong again", () => {
    const { offer, memory } = planeMemory({ dupSkipThr: 0.95, decayEvery: 100, decayFactor: 0.5 });
    offer(0, { step: 1 });
    offer(90, { step: 1 });
    expect(offer(0, { step: 100 })).toEqual(["skip dup_skip"]);
    expect(memory.items.map(({ strength }) => strength)).toEqual([1, 0.5]);
  });

  test("steps that nobody wrote at are made up for", () => {
    const { offer, memory } = planeMemory({ decayEvery: 100, decayFactor: 0.5, decayFloor: 0.1 });
    offer(0, { step: 1 });
    offer(90, { step: 350 });
    expect(memory.items.map(({ strength }) => strength)).toEqual([0.125, 1]);
  });

  test("a full memory drops its weakest, of equals the oldest", () => {
    const { offer, memory } = planeMemory({ maxItems: 2 });
    offer(0);
    offer(90);
    expect(offer(180)).toEqual(["decay max_items", "commit add"]);
    expect(memory.items.map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe("rollback", () => {
  test("a commit whose check fails leaves all as it was", () => {
    const { offer, memory, told } = planeMemory({ writePerTurn: 1, writePer100: 2, maxItems: 2 });
    offer(0, { step: 1 });
    offer(90, { step: 2 });
    const before = stateOf(memory);
    const seen: number[] = [];
    const check = (item: { id: number }): boolean => {
      seen.push(item.id);
      return false;
    };
    // The window of step 101 holds one write. The weakest makes room and comes back to its place.
    expect(offer(180, { step: 101 }, check)).toEqual([
      "decay max_items",
      "commit add",
      "rollback bench_fail",
    ]);
    expect(seen).toEqual([2]);
    expect(stateOf(memory)).toEqual(before);
    expect(told.slice(-2).map(({ memSize }) => memSize)).toEqual([2, 2]);
    // Neither the turn nor the 100 steps count it.
    expect(offer(180, { step: 101 })).toEqual(["decay max_items", "commit add"]);
    expect(memory.items.map(({ id }) => id)).toEqual([1, 2]);
  });

  test("mem_size of the rows goes up and down", () => {
    const { offer, told } = planeMemory();
    offer(0, {}, () => false);
    expect(told.map(({ action, memSize }) => [action, memSize])).toEqual([
      ["commit", 1],
      ["rollback", 0],
    ]);
  });
});

function stateOf(memory: ReturnType<typeof planeMemory>["memory"]): unknown {
  return {
    items: memory.items.map(({ id, step, value, entropy, merges, strength }) => ({
      ...{ id, step, entropy, merges, strength },
      value: [...value],
    })),
    keys: memory.items.map((_, index) => [...memory.key(index)]),
    staged: memory.staged().map((staged) => ({ ...staged })),
  };
}

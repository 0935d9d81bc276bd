import { describe, expect, it } from "vitest";
import { nextTarget, searchPair } from "../../../../src/runner/fits/search.js";
import type { Tried } from "../../../../src/runner/fits/search.js";

/** Processes that die when they make instance `end`, and tell only every hundredth instance. */
function machine(end: number): { run: (target: number) => Promise<Tried>; targets: number[] } {
  const targets: number[] = [];
  const run = (target: number): Promise<Tried> => {
    targets.push(target);
    const lives = target < end;
    return Promise.resolve({ target, lives, reached: lives ? target : Math.floor((end - 1) / 100) * 100 });
  };
  return { run, targets };
}

describe("the search for a pair", () => {
  it.each([
    { estimate: 40_000, end: 40_400, processes: 3 },
    { estimate: 40_000, end: 52_000, processes: 4 },
    { estimate: 40_000, end: 9_000, processes: 4 },
    { estimate: 3, end: 2, processes: 3 },
    { estimate: 1, end: 18, processes: 9 },
  ])("finds the end at $end from an estimate of $estimate in $processes processes", async (given) => {
    const { run, targets } = machine(given.end);
    const { lives, dies } = await searchPair(given.estimate, run);
    expect(lives?.target ?? 0).toBeLessThan(given.end);
    expect(dies.target).toBeGreaterThanOrEqual(given.end);
    expect(dies.target - (lives?.target ?? 0)).toBeLessThanOrEqual(Math.max(1, 0.04 * dies.target));
    expect(targets.length).toBeLessThanOrEqual(given.processes);
  });

  it("says that none lives where the first instance already ends the process", async () => {
    const { lives, dies } = await searchPair(1, machine(1).run);
    expect(lives).toBeUndefined();
    expect(dies.target).toBe(1);
  });

  it("ends where two runs contradict each other: more lived than died before", () => {
    expect(nextTarget(1010, { target: 1000, lives: false, reached: 990 })).toBeUndefined();
  });
});

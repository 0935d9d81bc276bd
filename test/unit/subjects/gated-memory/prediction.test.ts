import { describe, expect, test } from "vitest";
import type { OverlapModel } from "../../../../experiments/programs/memory-writes-overlaps.js";
import { predictedSize } from "../../../../experiments/programs/memory-writes-overlaps.js";
import type { Evidence } from "../../../../experiments/programs/memory-writes-verdict.js";
import { verdictOf } from "../../../../experiments/programs/memory-writes-verdict.js";

const MODEL: OverlapModel = {
  dimension: 64,
  clusters: 0,
  within: 0,
  shared: 0,
  eventsPerStep: 1,
  steps: 2000,
  threshold: 0.1,
  neighbours: 1,
  per100: Infinity,
};

function meanSize(changes: Partial<OverlapModel>, seeds = 20): number {
  let sum = 0;
  for (let seed = 0; seed < seeds; seed++) sum += predictedSize({ ...MODEL, ...changes }, seed);
  return sum / seeds;
}

/** Distribution function of the normal distribution, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
function normalBelow(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (poly * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tail : 1 - tail;
}

describe("the size that random directions predict", () => {
  test("with the nearest alone: items come after 1 / F^n events each, F = P(similarity < threshold)", () => {
    // Similarities have a deviation of 1/8, and lengths vary by a sixteenth, which changes F by little.
    const share = normalBelow(0.1 * 8);
    let size = 1;
    for (let events = 1; events < 2000; size++) events += share ** -size;
    expect(Math.abs(meanSize({}) / size - 1)).toBeLessThan(0.1);
  });

  test("a threshold that nothing is above leaves the limit on writes alone: 6 in 100 of 2,000 steps", () => {
    expect(meanSize({ threshold: Infinity, per100: 6 }, 3)).toBe(120);
  });

  test("a threshold that everything is above leaves one item", () => {
    expect(meanSize({ threshold: -2 }, 3)).toBe(1);
    expect(meanSize({ threshold: 0.1, shared: 0.9 }, 3)).toBe(1);
  });

  test("clusters of their own take one item each where centres are far apart", () => {
    expect(meanSize({ dimension: 100_000, clusters: 7, within: 0.8, neighbours: 3 }, 3)).toBe(7);
  });
});

describe("the verdict", () => {
  const evidence: Evidence = {
    threshold: 0.1,
    steps: 2000,
    allOn: [2, 4],
    off: [100, 110],
    alone: [2, 3],
    others: [
      { title: "warm-up off", sizes: [3, 3] },
      { title: "decay off", sizes: [3, 4] },
    ],
    measured: [3, 3],
    predicted: [3, 4],
    unshared: [14, 16],
    similarities: [0.05, 0.3, 0.4, 0.25],
  };

  test("is confirmed where near merge is needed, enough, alone, and as large as predicted", () => {
    const { confirmed, aboveShare, sentence } = verdictOf(evidence);
    expect([confirmed, aboveShare]).toEqual([true, 0.75]);
    expect(sentence).toBe(
      "Confirmed, near merge holds the memory: at near_merge_thr 0.1 it stands at 3.0 items (2 to 4 over 2 streams of 2000 steps). " +
        "Without near merge it has 105.0, with near merge alone 2.5, and without any one of the other gates at most 3.5. " +
        "Of the events that came to the gate 75.0 % were as similar to the nearest items as the threshold, at a mean of 0.25; " +
        "random directions about the stream's expected similarities predict 3.5 items where 2 streams gave 3.0. " +
        "On streams whose events share no direction it stands at 15.0.",
    );
  });

  test.each<[Partial<Evidence>, string]>([
    [{ off: [8, 110] }, "without near merge it hardly grows"],
    [{ alone: [6, 6] }, "near merge alone does not hold it"],
    [{ others: [{ title: "decay off", sizes: [3, 40] }] }, "it grows with decay off as well"],
    [{ predicted: [1, 2] }, "random directions predict another size"],
    [{ predicted: [6, 6] }, "random directions predict another size"],
  ])("is refuted by %j", (changes, why) => {
    const { confirmed, sentence } = verdictOf({ ...evidence, ...changes });
    expect(confirmed).toBe(false);
    expect(sentence).toContain(`Refuted, near merge is not the whole reason (${why}): `);
  });
});

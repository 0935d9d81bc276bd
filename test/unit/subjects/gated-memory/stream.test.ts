import { describe, expect, test } from "vitest";
import type { WriteEvent } from "../../../../experiments/subjects/gated-memory/decision.js";
import { Random } from "../../../../experiments/subjects/gated-memory/random.js";
import type { StreamSettings } from "../../../../experiments/subjects/gated-memory/stream.js";
import { events } from "../../../../experiments/subjects/gated-memory/stream.js";

function taken(count: number, settings: Partial<StreamSettings> & { seed: number }): WriteEvent[] {
  const list: WriteEvent[] = [];
  for (const event of events(settings)) {
    if (list.length === count) break;
    list.push({ ...event, embedding: event.embedding.slice() });
  }
  return list;
}

/** Similarities of all pairs, smallest first. */
function similarities(list: readonly WriteEvent[]): number[] {
  return list
    .flatMap(({ embedding: one }, index) =>
      list
        .slice(index + 1)
        .map(({ embedding: other }) => one.reduce((sum, x, at) => sum + x * (other[at] ?? 0), 0)),
    )
    .sort((a, b) => a - b);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("expected similarities, within 0.03 over all pairs of 200 events in 512 dimensions", () => {
  test("of one cluster", () => {
    const all = similarities(taken(200, { seed: 1, dimension: 512, clusters: 1, within: 0.8 }));
    expect(Math.abs(meanOf(all) - 0.8)).toBeLessThan(0.03);
  });

  test("of events that share a direction and nothing else", () => {
    const all = similarities(taken(200, { seed: 1, dimension: 512, clusters: 0, shared: 0.3 }));
    expect(Math.abs(meanOf(all) - 0.3)).toBeLessThan(0.03);
  });

  test("of all directions: 0, with a deviation of 1 / sqrt(512) = 0.0442", () => {
    const all = similarities(taken(200, { seed: 1, dimension: 512, clusters: 0, shared: 0 }));
    expect(Math.abs(meanOf(all))).toBeLessThan(0.003);
    expect(Math.sqrt(meanOf(all.map((each) => each * each)))).toBeCloseTo(0.0442, 2);
  });

  test("of two clusters: two groups, about the expected ones", () => {
    const all = similarities(taken(200, { seed: 1, dimension: 512, clusters: 2, within: 0.8, shared: 0.3 }));
    const across = all.filter((each) => each < 0.55);
    expect(Math.abs(meanOf(across) - 0.3)).toBeLessThan(0.06);
    expect(Math.abs(meanOf(all.slice(across.length)) - 0.8)).toBeLessThan(0.03);
    expect(across.length / all.length).toBeGreaterThan(0.4);
    expect(all.some((each) => each > 0.45 && each < 0.65)).toBe(false);
  });
});

test("a cluster whose centre drifts leaves where it was", () => {
  const settings = { seed: 1, dimension: 64, clusters: 1, within: 0.9, shared: 0 };
  const ends = (drift: number): number => {
    const list = taken(400, { ...settings, drift });
    return meanOf(similarities([list[0] as WriteEvent, list[399] as WriteEvent]));
  };
  expect(ends(0)).toBeGreaterThan(0.8);
  expect(ends(0.1)).toBeLessThan(0.5);
});

test("events have length 1, entropies in their range in nats of 8 outcomes, and steps that never go back", () => {
  const list = taken(2000, { seed: 3, lowestEntropy: 0.2 });
  for (const { embedding, entropy, entropyRaw = Number.NaN } of list) {
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    expect(entropy).toBeGreaterThanOrEqual(0.2);
    expect(entropy).toBeLessThan(1);
    expect(entropyRaw).toBeCloseTo(entropy * Math.log(8), 10);
  }
  const steps = list.map(({ step }) => step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  // About one event a step, none and two among them: 2,000 events take 2,000 steps with a deviation of 32.
  expect(Math.abs((steps.at(-1) ?? 0) - 2000)).toBeLessThan(160);
  expect(new Set(steps).size).toBeLessThan(1700);
});

test("a seed gives one stream, another seed another", () => {
  expect(taken(20, { seed: 5 })).toEqual(taken(20, { seed: 5 }));
  expect(taken(1, { seed: 5 })[0]?.embedding).not.toEqual(taken(1, { seed: 6 })[0]?.embedding);
});

test.each([
  [{ within: 0.2, shared: 0.3 }, /^similarities must be 0 <= shared <= within <= 1, not 0\.3 and 0\.2$/],
  [{ within: 1.1 }, /^similarities must be/],
  [{ eventsPerStep: 3 }, /^eventsPerStep must be 0\.5 to 1\.25, not 3$/],
])("a stream that cannot be is refused: %j", (settings, message) => {
  expect(() => events({ ...settings, seed: 1 }).next()).toThrow(message);
});

test("random numbers: means, deviations and the same ones one by one or filled", () => {
  const random = new Random(1);
  const numbers = new Float64Array(100_001);
  random.fillNormal(numbers);
  const uniform = Array.from({ length: 100_000 }, () => random.uniform());
  expect(Math.abs(meanOf([...numbers]))).toBeLessThan(0.015);
  expect(Math.abs(meanOf([...numbers].map((x) => x * x)) - 1)).toBeLessThan(0.025);
  expect(Math.abs(meanOf(uniform) - 0.5)).toBeLessThan(0.005);
  const filled = new Float64Array(6);
  new Random(9).fillNormal(filled);
  const single = new Random(9);
  expect(Array.from({ length: 6 }, () => single.normal())).toEqual([...filled]);
});

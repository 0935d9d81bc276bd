import { describe, expect, test } from "vitest";
import type { ProgramTrial } from "../../../src/analysis/collected.js";
import type { PlannedRun } from "../../../src/analysis/repetitions.js";
import { leftOutDoubt, repetitionsOf } from "../../../src/analysis/repetitions.js";
import type { ProgramReading } from "../../../src/experiment/define.js";
import type { ResultRow } from "../../../src/record/schema.js";

type Ended = [outcome: PlannedRun["outcome"], readings?: Record<string, ProgramReading>];

function rowOf(...runs: Ended[]): Pick<ResultRow, "runs" | "statistics"> {
  const planned = runs.map(([outcome], trial) => ({
    part: undefined,
    factors: { size: 1 },
    trial,
    seed: 10 + trial,
    outcome,
  }));
  const trials = runs.flatMap(([outcome, readings], trial) =>
    readings === undefined ? [] : [{ trial, data: { outcome, readings } } as unknown as ProgramTrial],
  );
  return repetitionsOf(planned, trials, ({ data }) => data.readings);
}

test("each run is listed with its seed and its end", () => {
  expect(rowOf(["ok", { a: 1 }], ["timeout"], ["not-run"]).runs).toEqual([
    { repetition: 1, seed: 10, outcome: "ok" },
    { repetition: 2, seed: 11, outcome: "timeout" },
    { repetition: 3, seed: 12, outcome: "not-run" },
  ]);
});

describe("a mean", () => {
  test("is over the runs that ended well, with the others beside it", () => {
    const { statistics } = rowOf(
      ["ok", { a: 1 }],
      ["oom-cap", { a: 100 }],
      ["ok", { a: 3 }],
      ["crash"],
      ["crash"],
    );
    expect(statistics?.a).toMatchObject({
      n: 2,
      mean: 2,
      leftOut: [
        { runs: 1, why: "was killed at the cap on its memory" },
        { runs: 2, why: "crashed" },
      ],
    });
  });

  test("counts a run whose reading is absent, with the reason", () => {
    const { statistics } = rowOf(["ok", { a: 1 }], ["ok", { a: { absent: "it slept" } }], ["ok", {}]);
    expect(statistics?.a).toMatchObject({
      n: 1,
      standardDeviation: { absent: "one run has no spread; a deviation needs at least two" },
      leftOut: [
        { runs: 1, why: "had no value: it slept" },
        { runs: 1, why: "had no value: it was not read" },
      ],
    });
  });

  test("is not told where one run has only a bound, or its peak was cut off by the cap", () => {
    expect(rowOf(["ok", { a: 1 }], ["ok", { a: { above: 5, reason: "r" } }]).statistics).toBeUndefined();
    const { statistics } = rowOf(
      ["ok", { peakBytes: 1, b: 2 }],
      ["oom-cap", {}],
      ["ok", { peakBytes: 2, b: 2 }],
    );
    expect(Object.keys(statistics ?? {})).toEqual(["b"]);
  });

  test("of one planned run is none", () => {
    expect(rowOf(["ok", { a: 1 }])).toEqual({ runs: [{ repetition: 1, seed: 10, outcome: "ok" }] });
  });

  test("of times and shares has an interval within what they can be", () => {
    const { statistics } = rowOf(["ok", { hitShare: 0.9, waitMs: 1 }], ["ok", { hitShare: 0.2, waitMs: 9 }]);
    expect(statistics?.hitShare?.interval).toMatchObject({ low: 0, high: 1, cutAt: [0, 1] });
    expect(statistics?.waitMs?.interval).toMatchObject({ low: 0, cutAt: [0] });
  });
});

test("means that lack runs are a doubt, which names three rows and counts the others", () => {
  const row = (size: number): Parameters<typeof leftOutDoubt>[0][number] => ({
    factors: { size },
    ...rowOf(["ok", { a: 1 }], ["oom-cap"], ["ok", { a: 2 }]),
  });
  const [doubt] = leftOutDoubt([row(1), row(2), row(3), row(4)]);
  expect(doubt?.name).toBe("runs-left-out");
  expect(doubt?.message).toContain("size=1: 2 of 3 runs; 1 was killed at the cap on its memory.");
  expect(doubt?.message).toContain("1 more row is alike.");
  expect(leftOutDoubt([{ factors: {}, ...rowOf(["ok", { a: 1 }], ["ok", { a: 1 }]) }])).toEqual([]);
});

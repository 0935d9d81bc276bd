import { describe, expect, test } from "vitest";
import type { Result, ResultRow } from "../../../../src/record/schema.js";
import {
  comparedIn,
  differences,
  factsOf,
  inWords,
  MEASURED,
  varying,
} from "../../../../src/runner/chaos/compare.js";

const same = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});

function rowOf(x: number, readings: ResultRow["readings"]): ResultRow {
  return {
    factors: { x },
    outcome: "ok",
    trials: 2,
    instances: 1,
    unitsPerInstance: 1,
    readings,
    perUnitBytes: { absent: "none" },
  };
}

/** A result as far as it is looked at here. */
function resultOf(changes: Partial<Result> = {}): Result {
  const result: Partial<Result> = {
    experiment: "grid",
    runId: "a",
    startedAt: "2026-01-31T12:00:00.000Z",
    finishedAt: "2026-01-31T12:00:01.000Z",
    journal: "runs/a.jsonl",
    journalSha256: "aa",
    complete: true,
    missing: [],
    rows: [
      rowOf(1, { product: same(10), durationMs: same(5) }),
      rowOf(2, { product: same(20), durationMs: same(6) }),
    ],
    warnings: [{ name: "few-processes", message: "one repetition" }],
    ...changes,
  };
  return result as Result;
}

const rows = resultOf().rows;
const NONE = new Set<string>();

/** What is found to differ, but for what the clock and the kernel give. */
function found(changes: Partial<Result>, leftOut: ReadonlySet<string> = new Set(MEASURED)): string[] {
  return differences(factsOf([resultOf()]), factsOf([resultOf(changes)]), leftOut).map(inWords);
}

describe("two runs of the same grid", () => {
  test("agree although each has a name, times and a journal of its own", () => {
    const other = {
      runId: "b",
      startedAt: "x",
      finishedAt: "y",
      journal: "runs/b.jsonl",
      journalSha256: "bb",
    };
    expect(found(other)).toEqual([]);
  });

  test("agree whatever order their rows stand in", () => {
    expect(found({ rows: rows.toReversed() })).toEqual([]);
  });

  test("agree where only what the clock or the kernel gives is another", () => {
    const [first, second] = rows as [ResultRow, ResultRow];
    const later = {
      ...first,
      measuredOverEstimate: 1.5,
      readings: { ...first.readings, durationMs: same(9), peakBytes: same(1) },
    };
    expect(found({ rows: [later, second] })).toEqual([]);
  });
});

describe("what a broken runner would do to the tables is found", () => {
  const [first, second] = rows as [ResultRow, ResultRow];

  test("a reading that is another", () => {
    const wrong = { ...second, readings: { ...second.readings, product: same(10) } };
    expect(found({ rows: [first, wrong] })).toEqual([
      "grid rows[x=2].readings.product.value is 10 and was 20",
      "grid rows[x=2].readings.product.low is 10 and was 20",
      "grid rows[x=2].readings.product.high is 10 and was 20",
    ]);
  });

  test("a trial that was lost", () => {
    expect(found({ rows: [{ ...first, trials: 1 }, second] })).toEqual([
      "grid rows[x=1].trials is 1 and was 2",
    ]);
  });

  test("a trial that was counted twice", () => {
    expect(found({ rows: [{ ...first, trials: 3 }, second] })).toEqual([
      "grid rows[x=1].trials is 3 and was 2",
    ]);
  });

  test("an outcome that is another", () => {
    expect(found({ rows: [{ ...first, outcome: "interrupted" }, second] })).toEqual([
      'grid rows[x=1].outcome is "interrupted" and was "ok"',
    ]);
  });

  test("a reading that is gone, or became absent", () => {
    const gone = { ...first, readings: { durationMs: same(5) } };
    expect(found({ rows: [gone, second] })).toContain(
      "grid rows[x=1].readings.product.value was 10 and is gone",
    );
    const unknown = { ...first, readings: { ...first.readings, product: { absent: "why" } } };
    expect(found({ rows: [unknown, second] })).toContain(
      'grid rows[x=1].readings.product.absent is "why" and was not there',
    );
  });

  test("a row that is gone", () => {
    expect(found({ rows: [first] })).toContain('grid rows[x=2].outcome was "ok" and is gone');
  });

  test("a table that is incomplete", () => {
    expect(found({ complete: false, missing: ["x=1: crash"] })).toEqual([
      "grid complete is false and was true",
      'grid missing[0] is "x=1: crash" and was not there',
    ]);
  });

  test("a warning that came or went", () => {
    expect(found({ warnings: [] })).toHaveLength(2);
    const more = [...resultOf().warnings, { name: "not-monotone", message: "m" }];
    expect(found({ warnings: more })).toContain(
      'grid warnings[not-monotone].message is "m" and was not there',
    );
  });

  test("an experiment that has no result", () => {
    const missing = differences(factsOf([resultOf()]), factsOf([]), NONE);
    expect(missing.length).toBe(factsOf([resultOf()]).size);
  });
});

describe("what differs without any fault", () => {
  const noisy = (heap: number, product = 10): Result =>
    resultOf({
      rows: [rowOf(1, { heapBytes: same(heap), product: same(product) }), rowOf(2, { heapBytes: same(5) })],
    });
  const undisturbed = [factsOf([noisy(100)]), factsOf([noisy(108)])];

  test("is known by its name, whichever row it stood in", () => {
    expect(varying(undisturbed)).toEqual(new Set(["readings.heapBytes"]));
    const moved = factsOf([
      resultOf({
        rows: [rowOf(1, { heapBytes: same(100), product: same(10) }), rowOf(2, { heapBytes: same(13) })],
      }),
    ]);
    expect(differences(undisturbed[0] ?? new Map(), moved, varying(undisturbed))).toEqual([]);
  });

  test("hides nothing else", () => {
    const wrong = factsOf([noisy(100, 11)]);
    expect(
      differences(undisturbed[0] ?? new Map(), wrong, varying(undisturbed)).map(({ name }) => name),
    ).toEqual(["readings.product", "readings.product", "readings.product"]);
  });

  test("is a value also where one of the runs lacks it", () => {
    const lacking = factsOf([resultOf({ rows: [rowOf(1, { product: same(10) }), rowOf(2, {})] })]);
    expect(varying([undisturbed[0] ?? new Map(), lacking])).toEqual(new Set(["readings.heapBytes"]));
  });

  test("is nothing in a single run", () => {
    expect(varying(undisturbed.slice(1))).toEqual(NONE);
  });

  test("is not counted as compared", () => {
    const [facts = new Map<string, never>()] = undisturbed;
    const all = comparedIn(facts, NONE);
    // Value, low and high of both rows.
    expect(comparedIn(facts, varying(undisturbed))).toBe(all - 6);
  });
});

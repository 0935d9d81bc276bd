import { expect, test } from "vitest";
import { compareResults } from "../../../../src/report/compare/compare.js";
import { answerText } from "../../../../src/base/answer.js";
import { comparisonAnswer, markdownReport } from "../../../../src/report/compare/page.js";
import type { Parts } from "../../../../src/report/compare/parts.js";
import type { Result } from "../../../../src/record/schema.js";
import { exact, plainResult } from "./sample.js";

const BEFORE = plainResult(72, [
  { type: "Session", bytes: 56, count: 1 },
  { type: "(heap number)", bytes: 16, count: 1 },
]);
const AFTER = plainResult(96, [
  { type: "Session", bytes: 64, count: 1 },
  { type: "(heap number)", bytes: 32, count: 2 },
]);

function withEnvironment(change: Partial<Result["environment"]>): Result {
  return { ...BEFORE, environment: { ...BEFORE.environment, ...change } };
}

test("a class with one more field is named with its bytes before and after", () => {
  const { verdict, cause } = compareResults(BEFORE, AFTER);
  expect(verdict).toBe("heavier");
  expect(cause).toBe("+24 bytes per session: `(heap number)` 16 -> 32 (1 -> 2 of them); `Session` 56 -> 64");
  expect(compareResults(AFTER, BEFORE).verdict).toBe("lighter");
});

test("an object that lost its hidden class is said to have become a dictionary", () => {
  const dictionary = plainResult(280, [
    { type: "(property dictionary of Session)", bytes: 256, count: 1 },
    { type: "Session", bytes: 24, count: 1 },
  ]);
  const fast = plainResult(48, [{ type: "Session", bytes: 48, count: 1 }]);
  const { cause } = compareResults(fast, dictionary);
  expect(cause).toContain("+232 bytes per session");
  expect(cause).toContain("the hidden class of `Session` became a dictionary");
  // Both were dictionaries; an earlier version named them otherwise.
  const former = plainResult(270, [
    { type: "(object properties)", bytes: 246, count: 1 },
    { type: "Session", bytes: 24, count: 1 },
  ]);
  expect(compareResults(former, dictionary).cause).not.toContain("became");
});

test("the parts of a difference and their rest sum to it", () => {
  const next: Result = { ...AFTER, fit: { ...AFTER.fit, perUnitBytes: exact(99) } };
  const parts = compareResults(BEFORE, next).parts as Parts;
  const classes = parts.classes.reduce((sum, { differenceBytes }) => sum + differenceBytes, 0);
  expect([parts.differenceBytes, classes, parts.restBytes]).toEqual([27, 24, 3]);
});

test("a result against itself is within noise", () => {
  const { verdict, figures, rows } = compareResults(BEFORE, BEFORE);
  expect(verdict).toBe("within noise");
  expect(figures.find(({ name }) => name === "perUnitBytes")?.verdict).toBe("within noise");
  expect(rows[0]?.readings.map((each) => each.verdict)).toEqual(["within noise", "within noise"]);
});

test.each([
  [{ node: "22.1.0" }, "major version of Node: 20 in BASE, 22 in NEW"],
  [{ enforcement: "cgroup v2" }, "memory limit: none in BASE, cgroup v2 in NEW"],
  [{ compilers: "on" as const }, "optimising compilers: off in BASE, on in NEW"],
  [{ arch: "arm64" }, "architecture: x64 in BASE, arm64 in NEW"],
])("%j is not comparable, with the reason", (change, reason) => {
  const comparison = compareResults(BEFORE, withEnvironment(change));
  expect(comparison).toMatchObject({ verdict: "not comparable", comparable: false, figures: [], rows: [] });
  expect(comparison.obstacles).toContain(reason);
});

test("other conversations and another unit are not comparable", () => {
  const other = { ...BEFORE, settings: { ...BEFORE.settings, conversations: "real.jsonl" } };
  expect(compareResults(BEFORE, other).obstacles).toEqual([
    "setting conversations: not set in BASE, real.jsonl in NEW",
  ]);
  expect(compareResults(BEFORE, { ...BEFORE, unit: "message" }).verdict).toBe("not comparable");
});

test("another processor or patch of Node is comparable with a doubt of its name", () => {
  const { verdict, doubts } = compareResults(BEFORE, withEnvironment({ node: "20.1.0", cpu: "Other CPU" }));
  expect(verdict).toBe("within noise");
  expect(doubts.map(({ name }) => name)).toEqual(["other-node", "other-cpu"]);
});

test("lines over other populations are not compared, and rows of one side are named", () => {
  const rows = BEFORE.rows.map((row) => ({ ...row, factors: { sessions: 5 } }));
  const { figures, onlyInBase, onlyInNew, verdict } = compareResults(BEFORE, { ...AFTER, rows });
  expect(new Set(figures.map((figure) => figure.verdict))).toEqual(new Set(["unknown"]));
  expect([onlyInBase, onlyInNew, verdict]).toEqual([["sessions=1000"], ["sessions=5"], "unknown"]);
});

function ended(outcome: Result["rows"][number]["outcome"], capBytes: number, peak: object): Result {
  const row = BEFORE.rows[0] as Result["rows"][number];
  const readings = { peakBytes: peak } as typeof row.readings;
  const perUnitBytes = { absent: "of a command" };
  return { ...BEFORE, rows: [{ ...row, outcome, capBytes, readings, perUnitBytes }] };
}

test("what no longer fits is heavier by at least what is beyond the cap", () => {
  const fits = ended("ok", 1000, exact(700));
  const over = ended("oom-cap", 1000, { above: 1000, reason: "the cap" });
  expect(compareResults(fits, over).rows[0]?.readings[0]).toMatchObject({
    verdict: "heavier",
    differenceBytes: 300,
    isLeast: true,
  });
  expect(compareResults(over, fits).rows[0]?.readings[0]?.verdict).toBe("lighter");
  expect(compareResults(fits, ended("oom-cap", 900, {})).rows[0]?.readings[0]?.verdict).toBe("unknown");
  expect(compareResults(fits, ended("crash", 1000, {})).rows[0]?.readings[0]?.verdict).toBe("unknown");
});

test("a single trial of pages shows no noise and gets no verdict", () => {
  const once = (value: number): Result => {
    const result = ended("ok", 1000, exact(value));
    return { ...result, rows: result.rows.map((row) => ({ ...row, trials: 1 })) };
  };
  const [reading] = compareResults(once(7e6), once(9e6)).rows[0]?.readings ?? [];
  expect(reading).toMatchObject({
    verdict: "unknown",
    reason: expect.stringContaining("at least 3") as string,
  });
});

test("the page for a pull request shows what got heavier and folds what did not", () => {
  const report = (next: Result): string =>
    markdownReport({
      base: "a",
      new: "b",
      comparisons: [compareResults(BEFORE, next)],
      onlyInBase: ["gone"],
      onlyInNew: [],
    });
  expect(report(AFTER)).toContain("1 experiment got heavier");
  expect(report(AFTER)).not.toContain("<details>");
  expect(report(AFTER)).toContain("Only in a: gone.");
  expect(report(BEFORE)).toContain("nothing got heavier");
  expect(report(BEFORE)).toContain("<details>");
});

test("a class whose name acts on terminals is shown and not obeyed", () => {
  const named = plainResult(96, [{ type: "Ses\u001b[31msion", bytes: 96, count: 1 }]);
  const report = {
    base: "a",
    new: "b",
    comparisons: [compareResults(BEFORE, named)],
    onlyInBase: [],
    onlyInNew: [],
  };
  expect(answerText(comparisonAnswer(report), { width: 80, isColoured: false, verbose: true })).not.toContain(
    "\u001b",
  );
});

test("pages of a population's process come in modes and get no verdict", () => {
  const paged = (bytes: number): Result => ({
    ...BEFORE,
    rows: BEFORE.rows.map((row) => ({ ...row, readings: { ...row.readings, rssBytes: exact(bytes) } })),
  });
  const { verdict, rows } = compareResults(paged(2 ** 20), paged(2 ** 24));
  expect(verdict).toBe("within noise");
  expect(rows[0]?.readings.map(({ name }) => name)).toEqual(["perUnitBytes", "heapBytes"]);
});

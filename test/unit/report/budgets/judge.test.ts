import { expect, test } from "vitest";
import { compareResults } from "../../../../src/report/compare/compare.js";
import type { Limit } from "../../../../src/report/budgets/budget.js";
import type { Finding } from "../../../../src/report/budgets/judge.js";
import { judgeBudget } from "../../../../src/report/budgets/judge.js";
import type { Result, ResultFit } from "../../../../src/record/schema.js";
import { exact, plainResult } from "../compare/sample.js";

const NONE = { absent: "no committed result" };
const RESULT = plainResult(100, []);

function judged(limit: Limit, result = RESULT, base?: Result): Finding | undefined {
  const comparison = base === undefined ? NONE : compareResults(base, result);
  return judgeBudget({ experiment: "tiny", limits: [limit], reasons: {} }, result, comparison)[0];
}

function withFit(change: Partial<ResultFit>): Result {
  return { ...RESULT, fit: { ...(RESULT.fit as ResultFit), ...change } };
}

const perSession = (bytes: number): Limit => ({
  kind: "perUnit",
  key: "perSession",
  bytes,
  text: `${bytes} B`,
});

test("a budget fails where even the kind end of the interval is beyond it", () => {
  expect(judged(perSession(100))?.verdict).toBe("within");
  expect(judged(perSession(99))).toMatchObject({ verdict: "over", overBytes: 1, fitting: { bytes: 101 } });
  const wide = withFit({ perUnitBytes: { value: 100, low: 95, high: 105 } });
  expect(judged(perSession(96), wide)?.verdict).toBe("within");
  expect(judged(perSession(94), wide)?.verdict).toBe("over");
});

test("a budget below what can be detected is a mistake", () => {
  const coarse = { ...RESULT, minimumDetectableBytes: 8 };
  expect(() => judged(perSession(8), coarse)).toThrow(/below the 8 B that can be detected/);
});

const growth = (share: number): Limit => ({ kind: "growth", key: "growth", share, text: `${100 * share} %` });

test("growth is against the committed result, and unknown without a comparable one", () => {
  expect(judged(growth(0.02), RESULT, plainResult(98.1, []))?.verdict).toBe("within");
  // 97 x 1.02 = 98.94, which 100 exceeds by 1.06.
  const over = judged(growth(0.02), RESULT, plainResult(97, []));
  expect(over?.verdict).toBe("over");
  expect(over?.overBytes).toBeCloseTo(1.06, 6);
  expect(judged(growth(0.02))).toMatchObject({ verdict: "unknown" });
  const other = { ...RESULT, environment: { ...RESULT.environment, node: "24.0.0" } };
  expect(judged(growth(0.02), RESULT, other)?.reason).toContain("major version of Node");
});

const room = (memoryBytes: number, atLeast: number): Limit => ({
  kind: "capacity",
  key: "maxSessions",
  memoryBytes,
  atLeast,
  text: "sessions",
});

test("sessions that fit are those of a plain process in a container with Node's own heap limit", () => {
  // In 512 MiB Node 20 limits its old generation to 256 MiB. A process without sessions holds 3.4 MiB, and a place in
  // an array takes 10 bytes: (256 MiB - 3.4 MiB - 3,000) / (100 + 10) = 2,407,884.
  const parts = [
    { name: "V8's heap", bytes: 100 },
    { name: "native, that V8 is not told of", bytes: 25 },
  ];
  const native = withFit({ totalPerUnitBytes: exact(125), parts });
  const memory = 512 * 2 ** 20;
  expect(judged(room(memory, 2_400_000), native)).toMatchObject({
    verdict: "within",
    measured: expect.stringMatching(/^2,407,884 sessions .*V8's heap limit is the wall/) as string,
  });
  expect(judged(room(memory, 2_600_000), native)).toMatchObject({
    verdict: "over",
    over: "192,116 sessions",
  });
  expect(() => judged(room(3000, 1), native)).toThrow(/less memory than a process without any session/);
  // A search of the same run is asked first.
  const row = {
    memoryBytes: memory,
    basis: "measured",
    fits: 900,
    dies: 930,
    wall: "heap",
    heapRaised: 900,
  } as const;
  const capacity = { perGiB: 1, perGB: 1, formula: "", rows: [row] };
  expect(judged(room(memory, 920), { ...native, capacity })).toMatchObject({ verdict: "within" });
  expect(judged(room(memory, 1000), { ...native, capacity })).toMatchObject({
    verdict: "over",
    over: "100 sessions",
    fitting: { atLeast: 900 },
  });
  expect(judged(room(13_000, 80))?.verdict).toBe("unknown");
});

test("the total is judged, and nothing passes where it is not known", () => {
  const heavy = withFit({ totalPerUnitBytes: exact(125) });
  expect(judged(perSession(110), heavy)).toMatchObject({ verdict: "over", overBytes: 15 });
  const unknown = withFit({ totalPerUnitBytes: { absent: "the addon is not built" } });
  for (const limit of [perSession(1000), room(13_000, 1), growth(0.5)]) {
    expect(judged(limit, unknown)).toMatchObject({
      verdict: "unknown",
      reason: expect.stringContaining("the addon is not built") as string,
    });
  }
});

test("the residual is judged by percent of the estimate or by bytes", () => {
  const residual = (limit: { share?: number; bytes?: number }): Limit => ({
    kind: "residual",
    key: "residual",
    text: "x",
    ...limit,
  });
  const estimated: Result = {
    ...RESULT,
    estimate: { name: "guess", perUnitBytes: 80, formula: "80" },
    comparison: { measuredOverEstimate: 1.25, residualBytes: 20, residual: [] },
  };
  expect(judged(residual({ share: 0.25 }), estimated)?.verdict).toBe("within");
  expect(judged(residual({ share: 0.2 }), estimated)).toMatchObject({ verdict: "over", overBytes: 4 });
  expect(judged(residual({ bytes: 19 }), estimated)?.verdict).toBe("over");
  expect(judged(residual({ bytes: 19 }))?.verdict).toBe("unknown");
});

test("a result without a line cannot be judged, and does not pass", () => {
  expect(judged(perSession(100), { ...RESULT, fit: { absent: "several factors" } })).toMatchObject({
    verdict: "unknown",
    reason: expect.stringContaining("several factors") as string,
  });
});

test("what a call leaves behind is V8's and malloc's memory together, and unknown where one is", () => {
  const limit: Limit = { kind: "growthPerCall", key: "growthPerCall", bytes: 100, text: "100 B" };
  const left = (native: number): Result["leak"] => ({
    made: 1000,
    retainedPerInstanceBytes: exact(80),
    // Of all that malloc has, V8 counts 1,000 bytes itself.
    nativePerInstanceBytes: exact(1000 + native),
    undeclaredPerInstanceBytes: exact(native),
    kernelPerInstanceBytes: exact(0),
  });
  expect(judged(limit, { ...RESULT, leak: left(20) })?.verdict).toBe("within");
  expect(judged(limit, { ...RESULT, leak: left(30) })).toMatchObject({ verdict: "over", overBytes: 10 });
  const unknown = { ...left(0), undeclaredPerInstanceBytes: { absent: "no addon" } } as Result["leak"];
  expect(judged(limit, { ...RESULT, leak: unknown })).toMatchObject({ verdict: "unknown" });
});

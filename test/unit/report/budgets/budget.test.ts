import { expect, test } from "vitest";
import { experimentsOf, keysOf, parseBudget } from "../../../../src/report/budgets/budget.js";

const parse = (raw: unknown): ReturnType<typeof parseBudget> => parseBudget("tiny", "session", raw, "b.json");

test("keys carry the unit of the experiment", () => {
  expect(keysOf("session")).toEqual({ perUnit: "perSession", capacity: "maxSessions" });
  expect(keysOf("cache entry").perUnit).toBe("perCacheEntry");
  expect(keysOf("MiB").perUnit).toBe("perMiB");
});

test("sizes and percentages become numbers", () => {
  const { limits } = parse({
    perSession: "8 kB",
    growth: "2 %",
    residual: "4 KiB",
    maxSessions: { memory: "2 GiB", atLeast: 10 },
  });
  expect(limits).toMatchObject([
    { kind: "perUnit", bytes: 8000 },
    { kind: "growth", share: 0.02 },
    { kind: "capacity", memoryBytes: 2 ** 31, atLeast: 10 },
    { kind: "residual", bytes: 4096 },
  ]);
});

test.each([
  [{ perMessage: "8 kB" }, /perMessage.*unit is the session; the nearest is perSession/],
  [{ growht: "2 %" }, /the nearest is growth/],
  [{ perSession: "8 kilos" }, /tiny\.perSession: "8 kilos" is not a size/],
  [{ perSession: "0 B" }, /is not a size/],
  [{ perSession: [] }, /tiny\.perSession is of another kind; give a size/],
  [{ growth: 2 }, /give a percentage such as "2 %"/],
  [{ growth: "-2 %" }, /is not a percentage/],
  [{ residual: "much" }, /neither a percentage nor a size/],
  [{ maxSessions: { memory: "2 GiB" } }, /give \{ "memory": "2 GiB", "atLeast": 100000 \}/],
  [{ maxSessions: { memory: "2 GiB", atLeast: 1.5 } }, /whole number/],
  [{ maxSessions: { memory: "x", atLeast: 1 } }, /"x" is not a size/],
  [{}, /tiny has no budget; give perSession, growth, growthPerCall, maxSessions or residual/],
])("%j is one sentence that names the key", (raw, sentence) => {
  expect(() => parse(raw)).toThrow(sentence);
});

test.each([[[]], [{}], [{ tiny: 3 }], ["text"], [null], [{ tiny: { file: 3 } }]])(
  "%j is no config",
  (config) => {
    expect(() => experimentsOf(config, "b.json")).toThrow(/^b\.json/);
  },
);

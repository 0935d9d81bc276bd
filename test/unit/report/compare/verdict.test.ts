import { expect, test } from "vitest";
import { judge, judgeReadings } from "../../../../src/report/compare/verdict.js";
import { exact } from "./sample.js";

test("exact readings differ from the first byte above the floor", () => {
  expect(judge(exact(168), exact(168), 0)).toMatchObject({ verdict: "within noise", differenceBytes: 0 });
  expect(judge(exact(168), exact(169), 1)).toMatchObject({ verdict: "within noise" });
  expect(judge(exact(168), exact(169), 0.02)).toMatchObject({ verdict: "heavier", differenceBytes: 1 });
  expect(judge(exact(169), exact(168), 0.02)).toMatchObject({ verdict: "lighter", differenceBytes: -1 });
});

test("intervals that do not touch are noise until they lie apart by the wider one", () => {
  const base = { value: 105, low: 100, high: 110 };
  // Apart by 9 with a width of 10, then by 11.
  expect(judge(base, { value: 120, low: 119, high: 121 }, 0).verdict).toBe("within noise");
  expect(judge(base, { value: 122, low: 121, high: 123 }, 0).verdict).toBe("heavier");
  expect(judge(base, { value: 122, low: 121, high: 123 }, 2).verdict).toBe("within noise");
});

test("an absent reading gives no verdict but its reason", () => {
  expect(judgeReadings({ absent: "no mallinfo2" }, exact(1), 0)).toEqual({
    verdict: "unknown",
    reason: "absent in BASE: no mallinfo2",
  });
  expect(judgeReadings(exact(1), undefined, 0).verdict).toBe("unknown");
});

test("a bound decides only where it lies beyond the other reading", () => {
  const bound = { above: 500, reason: "the cap" };
  expect(judgeReadings(exact(400), bound, 0)).toMatchObject({
    verdict: "heavier",
    differenceBytes: 100,
    isLeast: true,
  });
  expect(judgeReadings(exact(600), bound, 0).verdict).toBe("unknown");
  expect(judgeReadings(bound, exact(400), 0).verdict).toBe("lighter");
  expect(judgeReadings(bound, bound, 0).verdict).toBe("unknown");
});

test("hundred runs with noise of one distribution give no alarm, and a shift of three widths does", () => {
  // A multiplicative generator; five trials a run, uniform over 100 bytes.
  let state = 7;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const run = (shift: number): { value: number; low: number; high: number } => {
    const values = Array.from({ length: 5 }, () => 1000 + shift + 100 * random()).sort((a, b) => a - b);
    return { value: values[2] as number, low: values[0] as number, high: values[4] as number };
  };
  const base = run(0);
  const verdicts = Array.from({ length: 100 }, () => judge(base, run(0), 1).verdict);
  expect(new Set(verdicts)).toEqual(new Set(["within noise"]));
  expect(judge(base, run(300), 1).verdict).toBe("heavier");
});

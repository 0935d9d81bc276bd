import { describe, expect, test } from "vitest";
import type { TimedCell } from "../../../../src/runner/schedule/time-left.js";
import { TimeLeft } from "../../../../src/runner/schedule/time-left.js";

const cell = (experiment: string, size: number, trial = 0): TimedCell => ({
  key: `${experiment}/${size}/${trial}`,
  experiment,
  cell: `${experiment}/${size}`,
  role: "program",
  factors: { size },
});

function timeLeft(cells: TimedCell[], earlier: Record<string, number> = {}, slots = 1): TimeLeft {
  return new TimeLeft(
    cells,
    () => slots,
    ({ cell: name }) => earlier[name],
  );
}

describe("the time that is left", () => {
  test("is that of the cells' own trials: heavy cells at the beginning say nothing of light ones", () => {
    const left = timeLeft([cell("heavy", 1), cell("heavy", 1, 1), cell("light", 1), cell("light", 1, 1)]);
    left.ended("heavy/1/0", 60_000);
    expect(left.left(0)).toEqual({ ms: 60_000, unknown: 2 });
    left.ended("heavy/1/1", 60_000);
    left.ended("light/1/0", 100);
    expect(left.left(0)).toEqual({ ms: 100, unknown: 0 });
  });

  test("comes from an earlier run, at the speed of this one", () => {
    const left = timeLeft([cell("a", 1), cell("a", 2)], { "a/1": 1000, "a/2": 5000 });
    expect(left.left(0)).toEqual({ ms: 6000, unknown: 0 });
    left.ended("a/1/0", 3000);
    expect(left.left(0)).toEqual({ ms: 15_000, unknown: 0 });
  });

  test("grows with the size as the two nearest sizes show: 1 s, 4 s, so 16 s", () => {
    const left = timeLeft([cell("a", 1), cell("a", 2), cell("a", 4)]);
    left.ended("a/1/0", 1000);
    // Of one size nobody knows how it goes on.
    expect(left.left(0).ms).toBe(2000);
    left.ended("a/2/0", 4000);
    expect(left.left(0).ms).toBeCloseTo(16_000, 6);
  });

  test("of 38 sizes that all take between 0.7 and 1.3 s is within 40 % from the second cell on", () => {
    const sizes = Array.from({ length: 38 }, (_, index) => index + 1);
    const left = timeLeft(sizes.map((size) => cell("a", size)));
    for (const size of sizes) {
      // 0.7, 1.3, 1.0, 0.7, ...
      left.ended(`a/${size}/0`, 700 + ((size * 600) % 900));
      if (size === 1 || size === 38) continue;
      const perCellMs = left.left(0).ms / (38 - size);
      expect([size, perCellMs > 600 && perCellMs < 1400]).toEqual([size, true]);
    }
  });

  test("is shared by slots, but no shorter than the longest cell, and takes off what ran already", () => {
    const cells = [1, 2, 3, 4].map((size) => cell("a", size));
    const left = timeLeft(cells, { "a/1": 1000, "a/2": 1000, "a/3": 1000, "a/4": 9000 }, 4);
    expect(left.left(0).ms).toBe(9000);
    left.started("a/4/0", 1000);
    expect(left.left(5000).ms).toBe(5000);
    // Beyond what was expected, a tenth of what it ran.
    for (const size of [1, 2, 3]) left.ended(`a/${size}/0`, 1000);
    expect(left.left(21_000).ms).toBe(2000);
  });

  test("of cells that nobody has run is told as unknown, not as 0", () => {
    expect(timeLeft([cell("a", 1), cell("b", 1)]).left(0)).toEqual({ ms: 0, unknown: 2 });
  });
});

import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../../src/record/cell-end.js";
import { isOutOfMemory } from "../../../../src/record/cell-end.js";
import type { Frontier } from "../../../../src/runner/engine/frontier.js";
import { frontiersOf, nextLevels } from "../../../../src/runner/engine/frontier.js";
import { byBisection } from "../../../../src/runner/engine/sources.js";
import type { PlannedWork } from "../../../../src/runner/engine/sources.js";
import type { CellEnd } from "../../../../src/record/cell-end.js";
import { seededRandom } from "../../../../src/base/stats/random.js";
import { cellAt, endOf } from "./sample.js";

const random = seededRandom(7);
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;

/** The cells of one line of levels 0, 10, 20, ..., with what each trial would end as. */
interface Line {
  cells: PlannedWork[];
  outcomeOf: (cell: PlannedWork) => Outcome;
}

function lineOf(outcomes: readonly Outcome[], trials = 1, name = "line"): Line {
  const cells = Array.from({ length: trials }, (_, trial) =>
    outcomes.map((_outcome, index) => {
      const cell = cellAt(10 * index, { trial, factors: { x: 10 * index, name } });
      return { ...cell, key: `${name}/${index}/${trial}`, usesDevice: false, needBytes: undefined };
    }),
  ).flat();
  return { cells, outcomeOf: ({ factors }) => outcomes[Number(factors.x) / 10] as Outcome };
}

function monotone(length: number, fitting: number, failure: Outcome = "oom-cap"): Outcome[] {
  return Array.from({ length }, (_, index) => (index < fitting ? "ok" : failure));
}

/** Runs a search, a few cells at a time that end in any order; returns how they ended. */
function search(
  { cells, outcomeOf }: Line,
  options: { slots?: number; before?: ReadonlyMap<string, CellEnd>; stopAfter?: number } = {},
): Map<string, CellEnd> {
  const { slots = 1, before = new Map<string, CellEnd>(), stopAfter = Infinity } = options;
  const source = byBisection("x", cells, before);
  const ends = new Map(before);
  const running: PlannedWork[] = [];
  for (let ended = 0; ended < stopAfter; ended++) {
    while (running.length < slots) {
      const next = source.take();
      if (next === undefined) break;
      expect(ends.has(next.key), `${next.key} is run once`).toBe(false);
      running.push(next);
    }
    const [cell] = running.splice(below(running.length), 1);
    if (cell === undefined) break;
    const end = endOf(outcomeOf(cell));
    ends.set(cell.key, end);
    source.ended(cell, end);
  }
  return ends;
}

function frontierOf({ cells }: Line, ends: ReadonlyMap<string, CellEnd>): Frontier {
  const [frontier] =
    frontiersOf(
      { frontier: "x" },
      cells.map((cell) => ({ ...cell, end: ends.get(cell.key) })),
    ) ?? [];
  if (frontier === undefined) throw new Error("there is a line");
  return frontier;
}

/** The largest level that fits, and the smallest that does not, from running all. */
function byBruteForce(outcomes: readonly Outcome[]): { fits?: number; failsAt?: number } {
  const fits = outcomes.lastIndexOf("ok");
  const failsAt = outcomes.findIndex(isOutOfMemory);
  return {
    ...(fits === -1 ? {} : { fits: 10 * fits }),
    ...(failsAt === -1 ? {} : { failsAt: 10 * failsAt }),
  };
}

describe("on a line where memory grows with the level", () => {
  test("the search finds what running all finds, with the fewest cells, for every length and frontier", () => {
    for (let length = 1; length <= 33; length++) {
      for (let fitting = 0; fitting <= length; fitting++) {
        const outcomes = monotone(length, fitting);
        const line = lineOf(outcomes);
        const { interval, notMonotone } = frontierOf(line, search(line));
        const what = `${fitting} of ${length} fit`;
        expect(interval, what).toMatchObject({
          factor: "x",
          others: { name: "line" },
          ...byBruteForce(outcomes),
        });
        expect({ fits: interval.fits, failsAt: interval.failsAt }, what).toEqual({
          fits: byBruteForce(outcomes).fits,
          failsAt: byBruteForce(outcomes).failsAt,
        });
        expect(interval.cellsRun, what).toBeLessThanOrEqual(Math.ceil(Math.log2(length + 1)));
        expect(interval.cellsRun + interval.cellsSaved).toBe(length);
        expect(notMonotone).toBeUndefined();
      }
    }
  });

  test.each(["oom-cap", "oom-device", "oom-heap", "oom-alloc"] as const)(
    "%s is a level that does not fit",
    (failure) => {
      const line = lineOf(monotone(9, 4, failure));
      expect(frontierOf(line, search(line)).interval).toMatchObject({ fits: 30, failsAt: 40 });
    },
  );

  test("several cells at once and several trials find the same", () => {
    for (let round = 0; round < 300; round++) {
      const outcomes = monotone(1 + below(20), below(21));
      const line = lineOf(outcomes, 1 + below(3));
      const ends = search(line, { slots: 1 + below(4) });
      expect(frontierOf(line, ends).interval).toMatchObject(byBruteForce(outcomes));
    }
  });

  test("each line of the other factors has a search of its own", () => {
    const one = lineOf(monotone(8, 3), 1, "one");
    const other = lineOf(monotone(8, 6), 1, "other");
    const both: Line = {
      cells: [...one.cells, ...other.cells],
      outcomeOf: (cell) => (cell.factors.name === "one" ? one : other).outcomeOf(cell),
    };
    const ends = search(both, { slots: 3 });
    expect(frontierOf(one, ends).interval).toMatchObject({ fits: 20, failsAt: 30 });
    expect(frontierOf(other, ends).interval).toMatchObject({ fits: 50, failsAt: 60 });
  });
});

describe("a search that was cut off", () => {
  test("goes on from any place and runs the cells that it would have run, no other and none twice", () => {
    for (let round = 0; round < 500; round++) {
      const line = lineOf(monotone(1 + below(16), below(17)), 1 + below(3));
      const whole = search(line);
      const before = search(line, { slots: 1 + below(4), stopAfter: below(8) });
      const after = search(line, { before });
      expect([...after.keys()].sort()).toEqual([...whole.keys()].sort());
      expect(frontierOf(line, after)).toEqual(frontierOf(line, whole));
    }
  });

  test("runs the trials that a level lacks, although another of that level said how it is", () => {
    const line = lineOf(monotone(3, 1), 2);
    const before = search(line, { stopAfter: 1 });
    expect([...before.keys()]).toEqual(["line/1/0"]);
    expect(search(line, { before }).has("line/1/1")).toBe(true);
  });
});

describe("on any line", () => {
  const OUTCOMES = ["ok", "oom-cap", "crash", "timeout"] as const;

  test("the search ends, and what it says is true: one level fits, the other does not, and none between says otherwise", () => {
    for (let round = 0; round < 2000; round++) {
      const outcomes = Array.from({ length: 1 + below(24) }, () => pick(OUTCOMES));
      const line = lineOf(outcomes);
      const ends = search(line, { slots: 1 + below(4) });
      const { fits, failsAt } = frontierOf(line, ends).interval;
      if (fits !== undefined) expect(outcomes[fits / 10]).toBe("ok");
      if (failsAt !== undefined) expect(outcomes[failsAt / 10]).toBe("oom-cap");
      const between = outcomes.slice(
        fits === undefined ? 0 : fits / 10 + 1,
        failsAt === undefined ? undefined : failsAt / 10,
      );
      for (const outcome of between) expect(["crash", "timeout"]).toContain(outcome);
    }
  });

  test("levels that ended otherwise than by memory are passed over", () => {
    const line = lineOf(["ok", "ok", "crash", "timeout", "oom-cap", "oom-cap"]);
    expect(frontierOf(line, search(line)).interval).toMatchObject({ fits: 10, failsAt: 40 });
  });

  test("a line where nothing says anything has neither", () => {
    const line = lineOf(["crash", "timeout", "crash"]);
    const { interval } = frontierOf(line, search(line));
    expect(interval).toEqual({ factor: "x", others: { name: "line" }, cellsRun: 3, cellsSaved: 0 });
  });

  test("a larger level that fits where a smaller does not is told", () => {
    const line = lineOf(["ok", "oom-cap", "ok", "oom-cap"]);
    const all = new Map(line.cells.map((cell) => [cell.key, endOf(line.outcomeOf(cell))]));
    expect(frontierOf(line, all)).toMatchObject({
      interval: { fits: 20, failsAt: 10 },
      notMonotone: expect.stringContaining("x=20 fits and x=10 does not") as string,
    });
    expect(search(line, { before: all }).size).toBe(4);
  });

  test("a level fits only if each of its trials does", () => {
    const line = lineOf(["ok", "ok"], 2);
    const ends = new Map(line.cells.map((cell) => [cell.key, endOf("ok")]));
    ends.set("line/1/1", endOf("oom-cap"));
    expect(frontierOf(line, ends).interval).toMatchObject({ fits: 0, failsAt: 10 });
  });
});

test("a cell that was ended because the host ran short is searched again, alone", () => {
  const { cells } = lineOf(monotone(3, 3));
  const source = byBisection("x", cells, new Map());
  const first = source.take();
  if (first === undefined) throw new Error("the search has a start");
  source.requeue(first);
  source.ended(first, endOf("oom-watchdog"));
  expect(source.take()).toBe(first);
  source.ended(first, endOf("ok"));
  expect(source.take()?.factors.x).toBe(20);
});

test("an interrupted cell says nothing", () => {
  const { cells } = lineOf(monotone(3, 3));
  const known = cells.map((cell) => ({ ...cell, end: endOf("interrupted") }));
  expect(nextLevels("x", known)).toEqual([{ x: 10, name: "line" }]);
});

test("without a frontier there is no search", () => {
  expect(frontiersOf({}, [])).toBeUndefined();
});

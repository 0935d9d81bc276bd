import { describe, expect, test } from "vitest";
import type { RunState, Unit } from "../../../../src/runner/engine/state.js";
import { apply, cellsOf, finishedAt, isDone, stateOf, unitKey } from "../../../../src/runner/engine/state.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";
import { cellAt, ended, endOf, planned, RUN, started, turn } from "./sample.js";

const one = cellAt(1);
const two = cellAt(2);

function stateAfter(...records: JournalRecord[]): RunState {
  const state = stateOf([RUN, ...records]);
  if (state === undefined) throw new Error("a run starts with its own record");
  return state;
}

function unitOne(state: RunState): Unit {
  const unit = state.units.get(unitKey(one));
  if (unit === undefined) throw new Error("it was not planned");
  return unit;
}

test("without its first record there is no run", () => {
  expect(stateOf([])).toBeUndefined();
  expect(stateOf([planned(one)])).toBeUndefined();
});

test("record by record gives the same state as all at once", () => {
  const records = [planned(one), planned(two), started(one), turn(one), ended(one, "ok"), started(two)];
  const state = stateAfter();
  for (const record of records) apply(state, record);
  expect(state.units).toEqual(stateAfter(...records).units);
});

describe("an attempt", () => {
  test("is open from its start to its end", () => {
    const start = started(one);
    expect(unitOne(stateAfter(planned(one), start)).open).toEqual(start);
    expect(unitOne(stateAfter(planned(one), start, ended(one, "ok"))).open).toBeUndefined();
  });

  test("counts, whether it ended or not", () => {
    const records = [planned(one), started(one, 1), ended(one, "interrupted", 1), started(one, 2)];
    expect(unitOne(stateAfter(...records)).attempts).toBe(2);
  });

  test("counts what it streams by itself", () => {
    const first = [started(one, 1), turn(one, 1), turn(one, 1), ended(one, "interrupted", 1)];
    const unit = unitOne(stateAfter(planned(one), ...first, started(one, 2), turn(one, 2)));
    expect(unit).toMatchObject({ turns: 3, turnsOfAttempt: 1 });
  });
});

describe("a result", () => {
  test("stays, whatever a later attempt came to", () => {
    for (const later of ["crash", "timeout", "interrupted", "oom-watchdog"] as const) {
      const unit = unitOne(stateAfter(planned(one), ended(one, "oom-cap"), ended(one, later, 2)));
      expect(unit.last?.end.outcome).toBe("oom-cap");
    }
  });

  test("gives way to a later result", () => {
    const unit = unitOne(stateAfter(planned(one), ended(one, "oom-cap"), ended(one, "ok", 2)));
    expect(unit.last?.end.outcome).toBe("ok");
  });

  test("takes the place of a failure, and a later failure of an earlier one", () => {
    const failed = [planned(one), ended(one, "timeout"), ended(one, "crash", 2)];
    expect(unitOne(stateAfter(...failed)).last?.end.outcome).toBe("crash");
    expect(unitOne(stateAfter(...failed, ended(one, "ok", 3))).last?.end.outcome).toBe("ok");
  });

  test.each([
    ["ok", true],
    ["oom-cap", true],
    ["oom-device", true],
    ["oom-heap", true],
    ["oom-alloc", true],
    ["oom-watchdog", false],
    ["timeout", false],
    ["crash", false],
    ["interrupted", false],
  ] as const)("is what needs no further attempt: %s %s", (outcome, done) => {
    expect(isDone(unitOne(stateAfter(planned(one), ended(one, outcome))))).toBe(done);
  });
});

describe("an orphan", () => {
  const orphans: JournalRecord = { type: "orphans", experiment: "grid", cells: ["hash-1"] };

  test("is in no table, and keeps what it read", () => {
    const state = stateAfter(planned(one), planned(two), ended(one, "ok"), ended(two, "ok"), orphans);
    expect(cellsOf(state, "grid").map(({ factors }) => factors)).toEqual([{ x: 2 }]);
    expect(unitOne(state)).toMatchObject({ orphan: true, last: { end: { outcome: "ok" } } });
  });

  test("that is planned again has its result back", () => {
    const state = stateAfter(planned(one), ended(one, "ok"), orphans, planned(one));
    expect(cellsOf(state, "grid")).toMatchObject([{ factors: { x: 1 }, end: { outcome: "ok" } }]);
  });

  test("of one experiment is none of another", () => {
    const state = stateAfter(planned(one), { ...orphans, experiment: "other" });
    expect(unitOne(state).orphan).toBe(false);
  });
});

test("cells come trial by trial, within each in the order of the plan, whatever order they ended in", () => {
  const again = cellAt(1, { trial: 1 });
  const state = stateAfter(planned(again), planned(two), planned(one), ended(one, "ok"), ended(again, "ok"));
  expect(cellsOf(state, "grid").map(({ factors, trial }) => [factors.x, trial])).toEqual([
    [2, 0],
    [1, 0],
    [1, 1],
  ]);
});

test("records of cells that nobody planned are passed over", () => {
  const state = stateAfter(started(one), turn(one), ended(one, "ok"));
  expect(state.units.size).toBe(0);
});

test("what runs in later tables of the run does not change when an experiment was finished", () => {
  const other = cellAt(1, { experiment: "other" });
  const at = (record: JournalRecord, time: string): JournalRecord => Object.assign({}, record, { at: time });
  const state = stateAfter(
    planned(one),
    planned(other),
    at(ended(one, endOf("ok")), "2026-01-31T12:00:05.000Z"),
    at(ended(other, endOf("ok")), "2026-01-31T12:00:09.000Z"),
  );
  expect(finishedAt(state, "grid")).toBe("2026-01-31T12:00:05.000Z");
  expect(finishedAt(state, "other")).toBe("2026-01-31T12:00:09.000Z");
});

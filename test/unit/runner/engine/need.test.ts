import { describe, expect, test } from "vitest";
import type { CellMemory, Outcome } from "../../../../src/record/cell-end.js";
import { orphansOf, planOf } from "../../../../src/runner/engine/need.js";
import type { PreparedCell } from "../../../../src/runner/engine/prepare.js";
import { stateOf } from "../../../../src/runner/engine/state.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";
import { cellAt, ended, endOf, planned, RUN, started } from "./sample.js";

const MIB = 2 ** 20;
const one = cellAt(1);

function decisionOn(
  cell: PreparedCell,
  records: JournalRecord[],
  retry: Outcome[] = [],
): { run: boolean; reason: string } {
  const [entry] = planOf([cell], stateOf([RUN, ...records]), retry);
  if (entry === undefined) throw new Error("the plan has no entry");
  return { run: entry.run, reason: entry.reason };
}

describe("what is run", () => {
  test("a cell without a journal", () => {
    expect(planOf([one], undefined, [])).toMatchObject([{ run: true, reason: "not run yet" }]);
  });

  test("a cell that was planned and not started", () => {
    expect(decisionOn(one, [planned(one)])).toEqual({ run: true, reason: "not run yet" });
  });

  test("a cell that the runner left open", () => {
    const reason = "the runner ended while it ran";
    expect(decisionOn(one, [planned(one), started(one)])).toEqual({ run: true, reason });
  });

  test.each([
    ["interrupted", "interrupted"],
    ["oom-watchdog", "ended because the host ran short of memory"],
  ] as const)("a cell that was ended from outside: %s", (outcome, reason) => {
    expect(decisionOn(one, [planned(one), ended(one, outcome)])).toEqual({ run: true, reason });
  });

  test("a cell whose content is another than in the journal, with the reason", () => {
    const edited = { ...one, cell: "another-hash" };
    expect(decisionOn(edited, [planned(one), ended(one, "ok")])).toEqual({
      run: true,
      reason: "its source, settings or Node version changed",
    });
  });

  test("a repetition more than before", () => {
    const second = { ...one, trial: 1 };
    expect(decisionOn(second, [planned(one), ended(one, "ok")])).toEqual({
      run: true,
      reason: "not run yet",
    });
  });
});

describe("what is not run", () => {
  test.each(["ok", "oom-cap", "oom-device", "oom-heap", "oom-alloc"] as const)("a result: %s", (outcome) => {
    const decision = decisionOn(one, [planned(one), ended(one, outcome)]);
    expect(decision).toEqual({ run: false, reason: `done (${outcome})` });
  });

  test.each(["timeout", "crash"] as const)("a failure, unless it is asked for: %s", (outcome) => {
    const records = [planned(one), ended(one, outcome)];
    expect(decisionOn(one, records)).toEqual({
      run: false,
      reason: `failed before (${outcome}); bytesper retry runs it again`,
    });
    expect(decisionOn(one, records, [outcome])).toEqual({ run: true, reason: `retry of ${outcome}` });
  });

  test("an outcome that is not the one that is asked for", () => {
    expect(decisionOn(one, [planned(one), ended(one, "ok")], ["crash", "timeout"]).run).toBe(false);
    expect(decisionOn(one, [planned(one), ended(one, "crash")], ["timeout"]).run).toBe(false);
  });
});

describe("a cell that ran out of memory", () => {
  const memory: CellMemory = { ...endOf("oom-cap").memory, capBytes: 64 * MIB };
  const under = (outcome: Outcome): JournalRecord[] => [planned(one), ended(one, endOf(outcome, { memory }))];

  test.each(["oom-cap", "oom-heap", "oom-alloc"] as const)("runs again under a higher cap: %s", (outcome) => {
    expect(decisionOn({ ...one, capBytes: 128 * MIB }, under(outcome))).toEqual({
      run: true,
      reason: "ran out of memory under a cap of 64.00 MiB, which is 128.00 MiB now",
    });
  });

  test("runs again where there is no cap any more", () => {
    expect(decisionOn(one, under("oom-cap"))).toEqual({
      run: true,
      reason: "ran out of memory under a cap of 64.00 MiB, which is none now",
    });
  });

  test("does not run again under the same cap or a lower one, or for a device's memory", () => {
    for (const capBytes of [64 * MIB, 32 * MIB])
      expect(decisionOn({ ...one, capBytes }, under("oom-cap")).run).toBe(false);
    expect(decisionOn({ ...one, capBytes: 128 * MIB }, under("oom-device")).run).toBe(false);
  });
});

describe("orphans", () => {
  const two = cellAt(2);
  const other = cellAt(3, { experiment: "other" });

  test("are the cells of the journal that the plan no longer has", () => {
    const state = stateOf([RUN, planned(one), planned(two), planned({ ...two, trial: 1 })]);
    expect(orphansOf([one], state)).toEqual(new Map([["grid", ["hash-2"]]]));
  });

  test("are told once", () => {
    const records: JournalRecord[] = [
      planned(one),
      planned(two),
      { type: "orphans", experiment: "grid", cells: ["hash-2"] },
    ];
    expect(orphansOf([one], stateOf([RUN, ...records])).size).toBe(0);
  });

  test("are not those of an experiment that this plan is not about", () => {
    expect(orphansOf([one], stateOf([RUN, planned(one), planned(other)])).size).toBe(0);
  });
});

import { describe, expect, test } from "vitest";
import type { ResolvedStage, RolloutCell } from "../../../src/experiment/rollout/index.js";
import { resolveRollout, rolloutGrid, rolloutOf } from "../../../src/experiment/rollout/index.js";
import { PLAN } from "./plans.js";

const STAGES = resolveRollout(PLAN);

/** Runs what is wanted until nothing is; `costs` has each cell by `stage` or `stage/flag`. */
function rolledOut(
  costs: Record<string, number | string>,
  stages: readonly ResolvedStage[] = STAGES,
): { ran: string[]; rollout: ReturnType<typeof rolloutOf>["rollout"] } {
  const cells: RolloutCell[] = rolloutGrid(stages).map(({ stage, change }) => ({
    stage: String(stage),
    change: String(change),
  }));
  const ran: string[] = [];
  for (;;) {
    const { rollout, wanted } = rolloutOf(stages, cells);
    expect(rollout.decided).toBe(wanted.length === 0);
    const [next] = wanted;
    if (next === undefined) return { ran, rollout };
    const name = next.change === "all" ? next.stage : `${next.stage}/${next.change}`;
    const cell = cells.find(({ stage, change }) => stage === next.stage && change === next.change);
    if (cell?.ended !== undefined || cell === undefined) throw new Error(`${name} is wanted twice`);
    ran.push(name);
    const cost = costs[name] ?? 1;
    cell.ended =
      typeof cost === "string" ? { outcome: cost, readings: {} } : { outcome: "ok", readings: { cost } };
  }
}

const verdictsOf = ({ stages }: ReturnType<typeof rolledOut>["rollout"]): string[] =>
  stages.map(({ verdict }) => verdict);

test("where every stage passes the fallbacks are not run, and the last flags hold", () => {
  const { ran, rollout } = rolledOut({});
  expect(ran).toEqual(["stabilise", "A", "B"]);
  expect(verdictsOf(rollout)).toEqual(["passed", "passed", "passed", "not run", "not run"]);
  expect(rollout.rollback).toEqual({ stage: "B", flags: { spawn: 1, wide: true, deep: true } });
  expect(rollout).not.toHaveProperty("degradation");
});

test("the first stage that fails ends it; its only flag is named with its level", () => {
  const { ran, rollout } = rolledOut({ A: 11 });
  expect(ran).toEqual(["stabilise", "A"]);
  expect(verdictsOf(rollout)).toEqual(["passed", "failed", "not run", "not run", "not run"]);
  expect(rollout.degradation).toEqual({
    stage: "A",
    flags: [{ flag: "spawn", from: 0, to: 1 }],
    how: "the only flag that the stage changes",
  });
  expect(rollout.rollback).toMatchObject({ stage: "stabilise", flags: { spawn: 0 } });
  expect(rollout.stages[2]?.why).toBe("A failed before it");
});

describe("a stage that changes several flags", () => {
  test("has each run alone where it fails, and the guilty one is named", () => {
    const { ran, rollout } = rolledOut({ B: 30, "B/deep": 25 });
    expect(ran).toEqual(["stabilise", "A", "B", "B/wide", "B/deep"]);
    expect(rollout.degradation).toMatchObject({
      stage: "B",
      flags: [{ flag: "deep", from: false, to: true }],
    });
    expect(rollout.rollback).toMatchObject({ stage: "A" });
  });

  test("may have several guilty ones", () => {
    const { rollout } = rolledOut({ B: 30, "B/deep": 25, "B/wide": "crash" });
    expect(rollout.degradation?.flags.map(({ flag }) => flag)).toEqual(["wide", "deep"]);
  });

  test("may fail by flags that pass alone", () => {
    const { rollout } = rolledOut({ B: 30 });
    expect(rollout.degradation).toMatchObject({
      flags: [{ flag: "wide" }, { flag: "deep" }],
      how: "no flag of the stage fails alone; they fail together",
    });
  });
});

describe("where no stage passed", () => {
  test("fallbacks run one after the other until one passes, whose flags are rolled back to", () => {
    const { ran, rollout } = rolledOut({ stabilise: "oom-cap", less: 12 });
    expect(ran).toEqual(["stabilise", "less", "least"]);
    expect(verdictsOf(rollout)).toEqual(["failed", "not run", "not run", "failed", "passed"]);
    expect(rollout.rollback).toEqual({ stage: "least", flags: { spawn: -1, wide: false, deep: false } });
    expect(rollout.degradation).toMatchObject({ stage: "stabilise", flags: [] });
  });

  test("a fallback that passes is the last", () => {
    const { ran, rollout } = rolledOut({ stabilise: "oom-cap" });
    expect(ran).toEqual(["stabilise", "less"]);
    expect(rollout.stages[4]).toMatchObject({ verdict: "not run", why: "less passed" });
  });

  test("and no fallback either, there is nothing to roll back to", () => {
    const { rollout } = rolledOut({ stabilise: 99, less: 99, least: 99 });
    expect(rollout.rollback).toEqual({ absent: "no stage has passed" });
    expect(rollout.decided).toBe(true);
  });
});

test("a stage passes only if each of its trials does, and waits for all of them", () => {
  const trial = (cost: number): RolloutCell => ({
    stage: "stabilise",
    change: "all",
    ended: { outcome: "ok", readings: { cost } },
  });
  const open = { stage: "stabilise", change: "all" };
  expect(rolloutOf(STAGES, [trial(1), open]).wanted).toEqual([open]);
  expect(rolloutOf(STAGES, [trial(1), trial(11)]).rollout.stages[0]).toMatchObject({ verdict: "failed" });
});

test("what ran before the plan had an earlier stage fail is no verdict any more", () => {
  const cell = (stage: string, cost: number): RolloutCell => ({
    stage,
    change: "all",
    ended: { outcome: "ok", readings: { cost } },
  });
  const { rollout } = rolloutOf(STAGES, [cell("stabilise", 1), cell("A", 11), cell("B", 1)]);
  expect(rollout.rollback).toMatchObject({ stage: "stabilise" });
  expect(rollout.stages[2]).toMatchObject({ verdict: "not run" });
});

import { expect, test } from "vitest";
import { resolveRollout, rolloutGrid } from "../../../src/experiment/rollout/index.js";
import { byStages } from "../../../src/runner/engine/stages.js";
import type { PlannedWork } from "../../../src/runner/engine/sources.js";
import { cellAt, endOf } from "../runner/engine/sample.js";
import { PLAN } from "./plans.js";

const STAGES = resolveRollout(PLAN);

function work(factors: PlannedWork["factors"], more: Partial<PlannedWork> = {}): PlannedWork {
  const key = `${JSON.stringify(factors)}/${more.trial ?? 0}/${more.part ?? ""}`;
  return { ...cellAt(0, { factors, ...more }), key, usesDevice: false, needBytes: undefined };
}

const CELLS = rolloutGrid(STAGES).map((factors) => work(factors));
const cellName = (cell: PlannedWork | undefined): string | undefined =>
  cell === undefined ? undefined : `${String(cell.factors.stage)}/${String(cell.factors.change)}`;
const ok = endOf("ok", { data: { readings: { cost: 1 } } });

test("a stage is handed out when the one before has its verdict, and follow-ups after the last", () => {
  const followUp = work({ n: 1 }, { part: "more" });
  const source = byStages(STAGES, [...CELLS, followUp], new Map(), [followUp]);
  const given: (string | undefined)[] = [];
  for (let cell = source.take(); cell !== undefined; cell = source.take()) {
    given.push(cell === followUp ? "follow-up" : cellName(cell));
    // Other slots get nothing while it runs.
    if (cell !== followUp) expect(source.take()).toBeUndefined();
    source.ended(cell, ok);
  }
  expect(given).toEqual(["stabilise/all", "A/all", "B/all", "follow-up"]);
});

test("the trials of a stage, and the flags of one that failed, run one at a time", () => {
  const twice = CELLS.flatMap((cell) => [cell, work(cell.factors, { trial: 1 })]);
  const source = byStages(STAGES, twice, new Map(), []);
  const first = source.take();
  expect(source.take()).toBeUndefined();
  source.ended(first as PlannedWork, ok);
  const second = source.take();
  expect([first, second].map((cell) => [cellName(cell), cell?.trial])).toEqual([
    ["stabilise/all", 0],
    ["stabilise/all", 1],
  ]);

  const ends = new Map(CELLS.slice(0, 2).map(({ key }) => [key, ok]));
  const failing = byStages(STAGES, CELLS, ends, []);
  failing.ended(failing.take() as PlannedWork, endOf("oom-cap"));
  const wide = failing.take();
  expect(cellName(wide)).toBe("B/wide");
  expect(failing.take()).toBeUndefined();
  failing.ended(wide as PlannedWork, ok);
  expect(cellName(failing.take())).toBe("B/deep");
});

test("what ran before is not handed out again", () => {
  const [first] = CELLS;
  const source = byStages(STAGES, CELLS, new Map([[first?.key ?? "", ok]]), []);
  expect(cellName(source.take())).toBe("A/all");
});

test("a cell that was ended because the host ran short says nothing, and runs again", () => {
  const followUp = work({ n: 1 }, { part: "more" });
  const source = byStages(STAGES, [...CELLS, followUp], new Map(), [followUp]);
  const first = source.take() as PlannedWork;
  source.requeue(first);
  source.ended(first, endOf("oom-watchdog"));
  expect(source.take()).toBe(first);
  // Nor may a follow-up begin while it runs.
  expect(source.take()).toBeUndefined();
  source.ended(first, ok);
  expect(cellName(source.take())).toBe("A/all");
});

test("an interrupted cell is no verdict either", () => {
  const source = byStages(STAGES, CELLS, new Map(), []);
  const first = source.take() as PlannedWork;
  source.ended(first, endOf("interrupted"));
  // The run is over, and neither the next stage nor a fallback begins.
  expect(source.take()).toBeUndefined();
});

test("a command's peak is a reading without being printed", () => {
  const stages = resolveRollout({ ...PLAN, criteria: { peakBytes: { atMost: 100 } } });
  const source = byStages(stages, CELLS, new Map(), []);
  const memory = { ...ok.memory, peakBytes: 101 };
  source.ended(source.take() as PlannedWork, { ...ok, memory });
  // The first stage failed by its peak: the fallback is next.
  expect(cellName(source.take())).toBe("less/all");
});

import { expect, test } from "vitest";
import type { Experiment } from "../../../src/experiment/define.js";
import { planExperiment, slopeLevels } from "../../../src/runner/plan.js";

const experiment: Experiment = {
  name: "scaling",
  unit: "thing",
  factors: { things: [1, 10, 1000] },
  quick: { things: [1, 10] },
  population: "things",
  subject: "./thing.mjs",
};
const subject = { url: "file:///thing.mjs", path: [], name: "thing" };
const settings = {
  quick: false,
  seed: 1,
  trials: 5,
  nullTrials: 2,
  snapshotInstances: 1000,
  kernel: false,
  snapshot: true,
};

test("a slope reads each of five levels three times, in mixed order", () => {
  const levels = slopeLevels(1000, 1);
  expect(levels).toHaveLength(15);
  expect([...levels].sort((a, b) => a - b)).toEqual(
    [200, 400, 600, 800, 1000].flatMap((level) => [level, level, level]),
  );
  expect(levels).not.toEqual([...levels].sort((a, b) => a - b));
});

test("a population smaller than the number of levels is read at each of its sizes", () => {
  expect(new Set(slopeLevels(2, 1))).toEqual(new Set([1, 2]));
});

test("one snapshot, every trial of every level, and the null controls", () => {
  const cells = planExperiment(experiment, subject, settings);
  expect(cells.map(({ role }) => role).sort()).toEqual([
    ...["null", "null"],
    ...new Array<string>(15).fill("row"),
    "snapshot",
  ]);
});

test("--quick takes the quick levels", () => {
  const rows = planExperiment(experiment, subject, { ...settings, quick: true }).filter(
    ({ role }) => role === "row",
  );
  expect(new Set(rows.map(({ factors }) => factors.things))).toEqual(new Set([1, 10]));
});

test("all cells of an experiment share one warm-up, so that their start-up costs compare", () => {
  const warmUps = planExperiment(experiment, subject, settings).flatMap(({ work }) =>
    work.kind === "protocol" ? [work.protocol.warmUp] : [],
  );
  expect(new Set(warmUps)).toEqual(new Set([100]));
});

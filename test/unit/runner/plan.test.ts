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
  fits: true,
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

test("one search for each container that the experiment names, with the context of the snapshot", () => {
  const searched = { ...experiment, fits: ["256 MiB", "1 GB"], snapshotFactors: { things: 10 } };
  const cells = planExperiment(searched, subject, settings).filter(({ role }) => role === "fits");
  expect(cells.map(({ label, work }) => [label, work])).toEqual(
    [["scaling fits 256 MiB", 256 * 2 ** 20] as const, ["scaling fits 1 GB", 1e9] as const].map(
      ([label, memoryBytes]) => [
        label,
        { kind: "fits", fits: { subject, context: { factors: { things: 10 }, seed: 1 }, memoryBytes } },
      ],
    ),
  );
  expect(
    planExperiment(searched, subject, { ...settings, fits: false }).some(({ role }) => role === "fits"),
  ).toBe(false);
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

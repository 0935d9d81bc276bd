import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { statusOf } from "../../../../src/runner/engine/status.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";
import { ownIdentity } from "../../../../src/system/owner.js";
import { bytesOf, temporaryFolder } from "../journal/sample.js";
import { cellAt, ended, endOf, planned, RUN, started } from "./sample.js";

const MIB = 2 ** 20;
const folder = temporaryFolder();

/** A runner of an earlier boot, which is dead for certain. */
function runner(command: "run" | "resume" | "retry", moreMemory = 1): JournalRecord {
  return {
    type: "runner",
    owner: { ...ownIdentity(), bootId: "an earlier boot" },
    command,
    moreMemory,
  };
}

/** A search over x, which asks for the middle of 1, 2 and 3 first. */
const SEARCH: JournalRecord = {
  type: "experiment",
  experiment: "grid",
  kind: "command",
  title: "t",
  unit: "x",
  hasUnits: false,
  ownSlope: false,
  grid: [1, 2, 3].map((x) => ({ factors: { x }, instances: 1, units: 1 })),
  parts: [],
  estimates: [],
  frontier: "x",
};

const [one, two, three] = [cellAt(1), cellAt(2), cellAt(3)];
const searched = [SEARCH, planned(one), planned(two), planned(three)];
/** A result and an attempt under this cap. */
const at = (outcome: "oom-cap" | "interrupted", mib: number): ReturnType<typeof endOf> => {
  const { memory } = endOf(outcome);
  return endOf(outcome, { memory: { ...memory, capBytes: mib * MIB } });
};
const ranOut = [planned(one), ended(one, at("oom-cap", 64))];

test.each<[string, "finished" | "stopped", JournalRecord[]]>([
  ["every cell has ended", "finished", [planned(one), started(one), ended(one, "crash")]],
  ["a cell never started", "stopped", [planned(one), planned(two), ended(one, "ok")]],
  ["the cell was interrupted", "stopped", [planned(one), ended(one, "interrupted")]],
  [
    "a retry was killed within the cell that had failed",
    "stopped",
    [planned(one), ended(one, "crash"), runner("retry"), started(one, 2)],
  ],
  [
    "a retry was killed within a cell that has a result",
    "stopped",
    [planned(one), ended(one, "ok"), runner("retry"), started(one, 2)],
  ],
  [
    "a retry with a larger cap was interrupted",
    "stopped",
    [...ranOut, runner("retry", 2), started(one, 2), ended(one, at("interrupted", 128), 2)],
  ],
  [
    "a later retry took the larger cap back",
    "finished",
    [
      ...ranOut,
      runner("retry", 2),
      started(one, 2),
      ended(one, at("interrupted", 128), 2),
      runner("retry", 1),
    ],
  ],
  ["a search was killed before its first cell", "stopped", searched],
  ["a search was killed within its first cell", "stopped", [...searched, started(two)]],
  ["a search was killed between two cells", "stopped", [...searched, started(two), ended(two, "ok")]],
  [
    "a search has found its frontier and needs no further cell",
    "finished",
    [...searched, ended(two, "oom-cap"), ended(one, "ok")],
  ],
  [
    "a search was killed between two trials of a level that is decided",
    "stopped",
    [
      SEARCH,
      planned(one),
      planned(two),
      planned(cellAt(2, { trial: 1 })),
      ended(two, "oom-cap"),
      ended(one, "ok"),
    ],
  ],
])("where %s, a run without a runner is %s", (what, state, records) => {
  const path = join(folder, `${what}.jsonl`.replaceAll(" ", "-"));
  writeFileSync(path, bytesOf([RUN, runner("run"), ...records]));
  expect(statusOf(path)?.state).toBe(state);
});

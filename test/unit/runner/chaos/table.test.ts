import { expect, test } from "vitest";
import { terminalTable } from "../../../../src/base/table/terminal.js";
import type { ChaosReport } from "../../../../src/runner/chaos/chaos.js";
import type { Difference } from "../../../../src/runner/chaos/compare.js";
import { chaosTable } from "../../../../src/runner/chaos/table.js";

const difference = (x: number): Difference => ({
  place: `grid rows[x=${x}].trials`,
  name: "trials",
  expected: "2",
  found: "1",
});

const report: ChaosReport = {
  faults: [
    { fault: "killed", times: 5, differences: [], failures: [] },
    { fault: "torn", times: 5, differences: [1, 2, 3, 4].map(difference), failures: [] },
    {
      fault: "full-disk",
      times: 1,
      differences: [],
      failures: ["the run ended with code 2: it is damaged."],
    },
  ],
  leftOut: ["readings.durationMs"],
  compared: 40,
  undisturbedRuns: 2,
  agree: false,
  folder: "/somewhere",
};

test("each fault has a row: how often, whether the tables agree, and what differs", () => {
  expect(terminalTable(chaosTable(report)).split("\n")).toEqual([
    "Tables under faults",
    expect.stringMatching(/^fault +times +tables agree +what differs$/),
    expect.stringMatching(/^[- ]+$/),
    expect.stringMatching(/^runner killed \(SIGKILL\), resumed +5 +yes +nothing$/),
    expect.stringMatching(
      /^runner killed, journal torn, resumed +5 +no +grid rows\[x=1\]\.trials is 1 and was 2; .*; .*; and 1 more$/,
    ),
    expect.stringMatching(/^disk full .* +1 +no +the run ended with code 2: it is damaged\.$/),
    "40 values of the results are compared with those of an undisturbed run.",
    "Left out, because the clock or the kernel gives them or 2 undisturbed runs differ in them: readings.durationMs.",
    "The runs are kept in /somewhere.",
  ]);
});

test("where everything agrees nothing is kept, and it is said when nothing was left out", () => {
  const { notes } = chaosTable({ ...report, leftOut: [], folder: undefined });
  expect(notes).toEqual([
    "40 values of the results are compared with those of an undisturbed run.",
    "Nothing was left out.",
  ]);
});

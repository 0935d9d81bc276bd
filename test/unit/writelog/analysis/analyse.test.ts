import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { analyseWriteLog } from "../../../../src/writelog/analysis/analyse.js";
import type { AnalyseOptions } from "../../../../src/writelog/analysis/analyse.js";
import { diagnose } from "../../../../src/writelog/diagnosis/index.js";
import { joinSummary } from "../../../../src/writelog/summary/join.js";
import { readSummary } from "../../../../src/writelog/summary/read.js";
import { commit, HEADER, merge, other, promote, stage, warmUp } from "../support.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-writes-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function saved(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

const analysed = (lines: readonly string[], options?: AnalyseOptions): ReturnType<typeof analyseWriteLog> =>
  analyseWriteLog(saved("log.csv", [HEADER, ...lines]), options);

/** Two runs: the first commits, stages and promotes, the second merges all. */
const FIRST = [
  warmUp(50),
  commit(210, 1),
  commit(215, 2),
  stage(220, 2),
  stage(230, 2),
  promote(220, 3),
  other(240, "defer", 3).replace(",defer,defer,", ",defer,rate_limited,"),
];
const SECOND = [
  warmUp(40),
  commit(205, 1),
  ...Array.from({ length: 6 }, (_, n) => merge(210 + 100 * n, 1, 0.3)),
];

test("counts, runs and buckets are those of the rows", async () => {
  const { report } = await analysed([...FIRST, ...SECOND]);
  expect(report).toMatchObject({
    events: 15,
    actions: { merge: 6, commit: 3, defer: 3, stage: 2, promote: 1 },
    reasons: { near_merge: 6, add: 3, warmup: 2, staged: 2, shadow_promote: 1, rate_limited: 1 },
    merges: { near_merge: { rows: 6, share: 1 } },
    memSize: { min: 0, max: 3, maxLine: 7, last: 1 },
    commits: { count: 3, firstStep: 205, lastStep: 215, distinctSteps: 3 },
    promotePerStage: 0.5,
    increaseCount: 4,
  });
  expect(
    report.runs.map(({ firstLine, lastLine, events, memSizeMax, memSizeLast }) => [
      firstLine,
      lastLine,
      events,
      memSizeMax,
      memSizeLast,
    ]),
  ).toEqual([
    [2, 8, 7, 3, 3],
    [9, 16, 8, 1, 1],
  ]);
  expect(report.buckets.find(({ step }) => step === 200)).toMatchObject({
    commit: 3,
    stage: 2,
    promote: 1,
    merge: 1,
  });
});

test("a gate's pass rate is of what the gates before it let through", async () => {
  const { report } = await analysed([...FIRST, ...SECOND]);
  // Fourteen decisions: all but the promotion.
  expect(report.gates.map(({ gate, arrived, stopped }) => [gate, arrived, stopped])).toEqual([
    ["warm-up", 14, 2],
    ["entropy", 12, 0],
    ["similarity", 12, 6],
    ["staging", 6, 2],
    ["rate limit", 4, 1],
  ]);
  expect(report.gates[2]?.passRate?.value).toBe(0.5);
  expect(report.gates[2]?.reasons).toEqual([
    { action: "merge", reason: "near_merge", rows: 6, firstLine: 11, lastLine: 16 },
  ]);
});

test("--steps includes both ends and splits the runs as before", async () => {
  const { report } = await analysed([...FIRST, ...SECOND], { steps: { from: 210, to: 310 } });
  expect(report.actions).toEqual({ commit: 2, stage: 2, merge: 2, promote: 1, defer: 1 });
  expect(report.runs.map(({ events, eventsInFile }) => [events, eventsInFile])).toEqual([
    [6, 7],
    [2, 8],
  ]);
});

test("steps without an event leave figures absent with the reason", async () => {
  const { report } = await analysed(FIRST, { steps: { from: 9000, to: 9999 } });
  expect(report.events).toBe(0);
  expect(report.memSize.max).toEqual({ absent: "no event is within these steps" });
  expect(report.gates[0]?.passRate).toBeUndefined();
});

test("each increase is listed with the row that brought it, and what came before is counted", async () => {
  const { report } = await analysed(FIRST);
  expect(report.increases.map(({ line, from, to, action }) => [line, from, to, action])).toEqual([
    [3, 0, 1, "commit"],
    [4, 1, 2, "commit"],
    [7, 2, 3, "promote"],
  ]);
  const before = report.precedingKinds.find(({ action }) => action === "stage");
  // Right before the three increases: a warm-up, a commit, a stage. In the windows: 1, 2 and 5 rows, 2 stages.
  expect(before?.justBeforeShare).toBeCloseTo(1 / 3, 12);
  expect(before?.windowShare).toBeCloseTo(2 / 8, 12);
  expect(before?.baseShare).toBeCloseTo(2 / 7, 12);
});

test("the diagnosis names the ruling gate of each run and the lines", async () => {
  const { report } = await analysed([...FIRST, ...SECOND]);
  const findings = new Map(diagnose(report).map((finding) => [finding.name, finding]));
  expect(findings.get("first-gate-by-run")?.message).toContain("staging in run 1 (2 of 5, lines 5 to 6)");
  expect(findings.get("first-gate-by-run")?.message).toContain(
    "similarity in run 2 (6 of 7, lines 11 to 16)",
  );
  expect(findings.get("stages-not-promoted")?.message).toContain(
    "1 of 2 staged items (50.0 %) are not promoted: 0 are still in the shadow bank",
  );
  expect(findings.get("near-merge-dominance")?.lines).toEqual([11, 16]);
  expect(findings.get("memory-frozen")?.message).toContain(
    "in run 2 at step 205 (line 10), to a size of 1, 505 steps before the end",
  );
  expect(findings.has("coverage-near-zero")).toBe(false);
});

test("the totals count a run beyond the first thousand too", async () => {
  const { report } = await analysed(Array.from({ length: 1005 }, () => [warmUp(20), commit(300, 1)]).flat());
  expect(report.events).toBe(2010);
  expect(report.commits.count).toBe(1005);
  expect(report.runs).toHaveLength(1000);
  expect(report.omittedRuns).toBe(5);
});

test("a summary is joined to the run that it is of, and what differs is named", async () => {
  const { runs } = await analysed([...FIRST, ...SECOND]);
  const sizes = Array.from({ length: 720 }, (_, n) => `${n + 1},${n + 1 >= 206 ? 1 : 0},0.5,0.01`);
  const path = saved("summary.csv", [
    "step,mem_size,conf_mean,coverage",
    ...sizes,
    "721,x,0.5,0.01",
    "722,1",
  ]);
  const summary = joinSummary(await readSummary(path, () => undefined), runs);
  expect(summary.bestRun).toBe(2);
  expect(summary.memSizeAtSteps).toEqual([
    { step: 100, memSize: 0 },
    { step: 500, memSize: 1 },
    { step: 720, memSize: 1 },
  ]);
  expect(summary.increases).toEqual([{ line: 207, step: 206, from: 0, to: 1 }]);
  expect(summary.means).toMatchObject({ conf_mean: 0.5, coverage: expect.closeTo(0.01, 9) as number });
  const said = summary.contradictions.join("\n");
  expect(said).toContain(
    "mem_size reaches 3 in line 7 of the log (run 1, lines 2 to 8) and never more than 1",
  );
  expect(said).toContain(
    "mem_size grows at steps 206 in the summary and at 205 in run 2 of the log: always 1 step later",
  );
  expect(said).toContain("The summary has 2 lines that could not be read with its header");
  expect(summary.runs[1]?.firstDifference).toEqual({
    step: 205,
    summaryLine: 206,
    summary: 0,
    logLine: 10,
    log: 1,
  });
});

test("a summary without step and mem_size, or a log in its place, is refused", async () => {
  await expect(readSummary(saved("a.csv", ["a,b", "1,2"]), () => undefined)).rejects.toMatchObject({
    code: "BAD_INPUT",
  });
  await expect(readSummary(saved("b.csv", [HEADER, ...FIRST]), () => undefined)).rejects.toMatchObject({
    code: "BAD_INPUT",
  });
});

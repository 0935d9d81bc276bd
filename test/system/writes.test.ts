import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesper as bytesperItself, inFolder } from "./cli.js";
import { realData } from "./data.js";
import { bytesperInOneProcess } from "./one-process.js";

const bytesper = bytesperInOneProcess();

interface Bucket {
  step: number;
  commit: number;
  stage: number;
  promote: number;
  merge: number;
  defer: number;
}

interface Printed {
  events: number;
  actions: Record<string, number>;
  reasons: Record<string, number>;
  merges: Record<string, { rows: number; share: number }>;
  memSize: { min: number; max: number; last: number };
  commits: { firstStep: number; lastStep: number; distinctSteps: number };
  promotePerStage: number;
  buckets: Bucket[];
  topBuckets: Record<"commit" | "stage", Bucket[]>;
  runs: { firstLine: number; lastLine: number; events: number; memSizeMax: number; memSizeLast: number }[];
  layouts: { columns: string[]; rows: number }[];
  unplacedLines: { line: number; why: string }[];
  unplacedCount: number;
  commitsEnd: { step: number; probabilityAtMost: number };
  increases: unknown[];
  header: { misread: { column: string; readAs: Record<string, number>; rows: number; differing: number }[] };
  summary: {
    memSizeAtSteps: { step: number; memSize: number }[];
    increases: unknown[];
    means: Record<string, number>;
    bestRun: number;
    contradictions: string[];
  };
  warnings: { name: string; message: string }[];
  diagnosis: { name: string; message: string; lines: number[] }[];
}

const LOG = realData("logs/uzr-writes-logua.csv");
const SUMMARY = realData("logs/uzr-train-summary-t15000.csv");

async function printed(args: readonly string[]): Promise<Printed> {
  const { code, stdout, stderr } = await bytesper(["writes", ...args, "--json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Printed;
}

describe("a real log with a stale header and five runs", () => {
  test("gives the counts that its rows have", async (context) => {
    if (LOG.missing !== undefined) context.skip(LOG.missing);
    const report = await printed([LOG.path]);
    expect(report.events).toBe(29_591);
    expect(report.actions).toEqual({ merge: 17_187, stage: 8714, promote: 3403, defer: 218, commit: 69 });
    expect(report.reasons).toMatchObject({
      near_merge: 12_093,
      near_merge_k3: 5094,
      warmup: 213,
      add: 69,
      rate_limited: 5,
    });
    expect(report.merges.near_merge?.share).toBeCloseTo(0.7036, 4);
    expect(report.promotePerStage).toBeCloseTo(0.3905, 4);
    expect(report.commits).toMatchObject({ firstStep: 250, lastStep: 1240, distinctSteps: 68 });
    expect(report.topBuckets.commit.slice(0, 4).map(({ step, commit }) => [step, commit])).toEqual([
      [400, 12],
      [300, 11],
      [700, 10],
      [500, 9],
    ]);
    const highest = report.topBuckets.stage.slice(0, 2);
    expect(highest.map(({ step }) => step).sort((a, b) => a - b)).toEqual([9800, 13_500]);
    for (const bucket of highest) expect(bucket).toMatchObject({ stage: 73, promote: 24 });
  });

  test("tells five runs apart and reads mem_size where it is", async (context) => {
    if (LOG.missing !== undefined) context.skip(LOG.missing);
    const report = await printed([LOG.path]);
    expect(report.memSize).toMatchObject({ min: 0, max: 3466, last: 2 });
    expect(
      report.runs.map(({ firstLine, lastLine, memSizeLast }) => [firstLine, lastLine, memSizeLast]),
    ).toEqual([
      [2, 12_195, 3466],
      [12_196, 12_723, 1],
      [12_724, 17_456, 2],
      [17_457, 24_479, 1],
      [24_480, 29_592, 2],
    ]);
    expect(report.runs.reduce((sum, { events }) => sum + events, 0)).toBe(29_591);
    expect(report.unplacedLines).toEqual([]);
    expect(report.layouts.map(({ columns, rows }) => [columns.length, rows])).toEqual([
      [11, 8741],
      [12, 8714],
      [14, 7039],
      [15, 2],
      [15, 5094],
      [16, 1],
    ]);
    // 29 rows of the later layouts have 0 in both columns.
    expect(report.header.misread.find(({ column }) => column === "mem_size")).toMatchObject({
      readAs: { shadow_size: 12_136 },
      rows: 12_136,
      differing: 12_107,
    });
    expect(report.warnings.find(({ name }) => name === "stale-header")?.message).toContain(
      "header in line 1 does not match the rows",
    );
  });

  test("within steps 250 to 1240 has the commits and what came with them", async (context) => {
    if (LOG.missing !== undefined) context.skip(LOG.missing);
    const report = await printed([LOG.path, "--steps", "250:1240"]);
    expect(report.actions).toEqual({ merge: 1404, stage: 393, promote: 100, commit: 69, defer: 5 });
  });

  test("has a place after which commits die out, and each finding its lines", async (context) => {
    if (LOG.missing !== undefined) context.skip(LOG.missing);
    const report = await printed([LOG.path]);
    expect(report.commitsEnd.step).toBeGreaterThanOrEqual(1000);
    expect(report.commitsEnd.step).toBeLessThanOrEqual(1240);
    expect(report.commitsEnd.probabilityAtMost).toBeLessThan(1e-20);
    const names = report.diagnosis.map(({ name }) => name);
    for (const name of [
      "first-gate",
      "near-merge-dominance",
      "stages-not-promoted",
      "rate-limit-not-binding",
    ])
      expect(names).toContain(name);
    for (const { lines, message } of report.diagnosis) {
      expect(lines.length, message).toBeGreaterThan(0);
      for (const line of lines) expect(line).toBeLessThanOrEqual(29_592);
    }
  });

  test("is held against the training summary, which is of its last run", async (context) => {
    if (LOG.missing !== undefined) context.skip(LOG.missing);
    if (SUMMARY.missing !== undefined) context.skip(SUMMARY.missing);
    const { summary, diagnosis } = await printed([LOG.path, "--summary", SUMMARY.path]);
    expect(summary.memSizeAtSteps.map(({ step, memSize }) => [step, memSize])).toEqual([
      [100, 0],
      [500, 1],
      [1000, 2],
      [5000, 2],
      [10_000, 2],
      [15_000, 2],
    ]);
    expect(summary.increases).toHaveLength(2);
    expect(summary.means.conf_mean).toBeCloseTo(0.5978, 4);
    expect(summary.means.ent_mean).toBeCloseTo(1.7282, 4);
    expect(summary.means.coverage).toBeCloseTo(0.00187, 5);
    expect(summary.means.abstain_ratio).toBeCloseTo(0.99813, 5);
    expect(summary.bestRun).toBe(5);
    expect(summary.contradictions.join(" ")).toContain("3,466");
    expect(diagnosis.map(({ name }) => name)).toContain("coverage-near-zero");
  });
});

const HEADER = "step,action,reason,sim_max,surprise,surp_norm,entropy,topk,used_key_id,shadow_size,mem_size";
const SMALL = `${HEADER}\n50,defer,warmup,,,,,6,,0,0\n210,commit,add,-1.0,,,1.0,6,,0,1\n220,merge,near_merge,0.5,0.4,,1.0,6,0,0,1\n`;

describe("a small log", () => {
  test("prints a Markdown page where standard output is no terminal", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.csv");
      writeFileSync(path, SMALL);
      const { code, stdout } = await bytesperItself(["writes", path]);
      expect(code).toBe(0);
      expect(stdout).toContain("# Writes of ");
      expect(stdout).toContain("3 events of 1 run.");
      expect(stdout).toMatch(/\| action \| commit +\| +1 \|/);
    });
  });

  test("is read from gzip alike", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.csv.gz");
      writeFileSync(path, gzipSync(SMALL));
      expect((await printed([path])).actions).toEqual({ defer: 1, commit: 1, merge: 1 });
    });
  });

  test("is drawn into a folder", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.csv");
      writeFileSync(path, SMALL);
      const { code, stderr } = await bytesper(["writes", path, "--figures", join(folder, "charts")]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      for (const name of ["actions", "promote-per-stage", "mem-size"])
        expect(readFileSync(join(folder, "charts", `${name}.svg`), "utf8")).toContain("<svg");
    });
  });

  test("with another program's columns is read with --layout", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.csv");
      writeFileSync(path, "commit,10,a,1\nmerge,20,b,1\n");
      const report = await printed([path, "--layout", "action,step,note,mem_size"]);
      expect(report.actions).toEqual({ commit: 1, merge: 1 });
      expect(report.memSize.last).toBe(1);
    });
  });

  test("without an event in the steps that are asked for ends with 1", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.csv");
      writeFileSync(path, SMALL);
      const { code, stdout, stderr } = await bytesper(["writes", path, "--steps", "900:", "--json"]);
      expect(code).toBe(1);
      expect((JSON.parse(stdout) as Printed).events).toBe(0);
      expect(stderr).toContain("no event within steps 900:");
    });
  });
});

describe("bad input ends with 2 and one sentence", () => {
  test.each([
    ["an empty log", "", [], "it is empty"],
    ["a header alone", `${HEADER}\n`, [], "only a header"],
    ["another text", "MIT License\n", [], 'line 1 is "MIT License"'],
    ["a Parquet file", "PAR1\0\0\0\0", [], "is a Parquet file"],
    ["steps the wrong way round", SMALL, ["--steps", "9:1"], "--steps takes the first and the last step"],
    ["a layout without mem_size", SMALL, ["--layout", "step,action"], "mem_size is missing"],
    ["a layout with a name twice", SMALL, ["--layout", "step,action,mem_size,step"], "step comes twice"],
    ["a summary that does not exist", SMALL, ["--summary", "nowhere.csv"], "does not exist"],
  ])("%s", async (_, text, args, said) => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.csv");
      writeFileSync(path, text);
      const { code, stdout, stderr } = await bytesper(["writes", path, ...args]);
      expect(code).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toContain(said);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    });
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Result } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import type { RunStatus } from "../../src/runner/engine/status.js";
import { readJournal } from "../../src/runner/journal/read.js";
import type { Ended } from "./cli.js";
import { bytesper, inFolder, MAIN, ROOT } from "./cli.js";
import { bytesperInOneProcess } from "./one-process.js";

const inOneProcess = bytesperInOneProcess();

const GRIDS = join(ROOT, "test/fixtures/grids");
const HOG = join(GRIDS, "hog.experiment.mjs");
const COUNTING = join(GRIDS, "counting.experiment.mjs");
const MIB = 2 ** 20;
const PATIENCE_MS = 30_000;

function resultOf(folder: string, experiment: string): Result {
  return parseResult(readFileSync(join(folder, experiment, "result.json"), "utf8"), experiment);
}

async function statusOf(folder: string): Promise<RunStatus> {
  const { stdout } = await inOneProcess(["status", folder, "--json"]);
  return JSON.parse(stdout) as RunStatus;
}

/** Asks until the answer is as wanted; a bound makes a defect a failure and not a hang. */
async function eventually(folder: string, wanted: (status: RunStatus) => boolean): Promise<RunStatus> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await statusOf(folder);
    if (wanted(status) || Date.now() > end) return status;
    await sleep(100);
  }
}

describe("a grid of which one cell is over its cap", () => {
  let folder: string;
  let ended: Ended;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
    ended = await bytesper(["run", HOG, "--verbose", "--out", folder]);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test("a command is a cell: its readings, its peak, its bound, its line", () => {
    const { code, stdout } = ended;
    expect(code).toBe(0);
    expect(stdout).toContain("> 384.00");
    const { rows, fit, complete, warnings } = resultOf(folder, "hog");
    expect(complete).toBe(true);
    expect(rows.map(({ outcome }) => outcome)).toEqual(["ok", "ok", "oom-cap"]);
    expect(rows[1]?.readings.square).toEqual({ value: 16_384, low: 16_384, high: 16_384 });
    const [small, large, over] = rows.map(({ readings }) => readings.peakBytes);
    const peaks = [small, large].map((peak) => (peak as { value: number }).value / MIB);
    expect((peaks[1] as number) - (peaks[0] as number)).toBeGreaterThan(60);
    expect((peaks[1] as number) - (peaks[0] as number)).toBeLessThan(72);
    expect(over).toMatchObject({ above: 384 * MIB });
    expect(rows[2]?.readings.square).toHaveProperty("absent");
    expect(rows[2]?.enforcement).toMatch(/cgroup|rlimit|watchdog/);
    // One MiB of the factor is one MiB of the process, within what its allocator keeps.
    const { perUnitBytes } = fit as { perUnitBytes: { value: number } };
    expect(perUnitBytes.value / MIB).toBeGreaterThan(0.97);
    expect(perUnitBytes.value / MIB).toBeLessThan(1.06);
    expect(warnings.map(({ name }) => name)).toContain("out-of-memory");
    const records = readJournal(join(folder, "journal.jsonl")).records;
    const certificate = records.find((record) => record.type === "certificate");
    expect(certificate).toMatchObject({ certificate: { fired: true } });
    expect(records.filter(({ type }) => type === "turn")).toHaveLength(2);
  });

  test("more memory turns the bound into a number, and runs nothing else", async () => {
    const plan = await bytesper(["retry", folder, "--more-memory", "4x", "--dry-run", "--json"]);
    const { cells } = JSON.parse(plan.stdout) as {
      cells: { run: boolean; reason: string; capBytes: number }[];
    };
    expect(cells.map(({ run }) => run)).toEqual([false, false, true]);
    expect(cells[2]).toMatchObject({ reason: "retry of oom-cap", capBytes: 4 * 384 * MIB });
    expect((await bytesper(["retry", folder, "--more-memory", "4x"])).code).toBe(0);
    const { rows } = resultOf(folder, "hog");
    expect(rows.map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok"]);
    const records = readJournal(join(folder, "journal.jsonl")).records;
    expect(records.filter(({ type }) => type === "started")).toHaveLength(4);
  });
});

test("the frontier is found by bisection, for each level of the other factor", async () => {
  await inFolder(async (folder) => {
    const { code } = await bytesper(["run", join(GRIDS, "frontier.experiment.mjs"), "--out", folder]);
    expect(code).toBe(0);
    const { frontiers = [], rows } = resultOf(folder, "frontier");
    expect(frontiers).toHaveLength(2);
    for (const { fits, failsAt, cellsRun, cellsSaved } of frontiers) {
      expect([fits, failsAt]).toEqual([96, 512]);
      expect(cellsRun + cellsSaved).toBe(11);
      expect(cellsSaved).toBeGreaterThanOrEqual(6);
    }
    expect(rows).toHaveLength(frontiers.reduce((sum, { cellsRun }) => sum + cellsRun, 0));
  });
});

test("a plan learns memory and time from earlier runs, and a journal makes the tables again, byte for byte", async () => {
  await inFolder(async (folder) => {
    const before = await bytesper(["run", COUNTING, "--out", folder, "--dry-run"]);
    expect(before.stdout).toMatch(/6 of 6 cells would run, time unknown/);
    expect(existsSync(join(folder, "runs"))).toBe(false);
    await bytesper(["run", COUNTING, "--out", folder]);
    const after = await bytesper(["run", COUNTING, "--out", folder, "--dry-run", "--json"]);
    const { cells, expectedMs } = JSON.parse(after.stdout) as {
      cells: { expectedMs: number; reason: string }[];
      expectedMs: number;
    };
    expect(expectedMs).toBeGreaterThan(300);
    for (const { expectedMs: ms, reason } of cells) {
      expect(ms).toBeGreaterThan(290);
      expect(reason).toBe("not run yet");
    }
    const files = ["counting/result.json", "counting/result.md", "summary.json", "README.md"];
    const pages = files.map((file) => readFileSync(join(folder, file), "utf8"));
    expect((await bytesper(["report", folder])).code).toBe(0);
    expect(files.map((file) => readFileSync(join(folder, file), "utf8"))).toEqual(pages);
  });
});

test("--minimal takes the first levels, --filter the named ones", async () => {
  await inFolder(async (folder) => {
    await bytesper(["run", COUNTING, "--out", folder, "--minimal"]);
    expect(resultOf(folder, "counting").rows.map(({ factors }) => factors.n)).toEqual([1]);
    await bytesper(["run", COUNTING, "--out", folder, "--filter", "n=2,5"]);
    expect(resultOf(folder, "counting").rows.map(({ factors }) => factors.n)).toEqual([2, 5]);
  });
});

test("a reader that leaves ends the output and not the run", async () => {
  await inFolder(async (folder) => {
    const child = spawn(process.execPath, [MAIN, "run", COUNTING, "--out", folder], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, "close")).toEqual([0, null]);
    expect(stderr).not.toContain("EPIPE");
    expect(resultOf(folder, "counting").complete).toBe(true);
  });
});

describe("without a terminal", () => {
  test("a detached run goes on by itself, and its status is told while it runs", async () => {
    await inFolder(async (folder) => {
      const { code, stdout } = await bytesper(["run", COUNTING, "--out", folder, "--detach", "--slots", "1"]);
      expect(code).toBe(0);
      expect(stdout).toContain(`Progress: bytesper status ${folder}`);
      const running = await eventually(folder, ({ done }) => done > 0);
      expect(running).toMatchObject({ planned: 6 });
      const ended = await eventually(folder, ({ state }) => state === "finished");
      expect(ended).toMatchObject({ state: "finished", done: 6, failed: 0, outcomes: { ok: 6 } });
    });
  });

  test("a mistake of a detached run is told before the terminal is left", async () => {
    await inFolder(async (folder) => {
      const ended = await bytesper(["run", join(folder, "none.mjs"), "--out", folder, "--detach"]);
      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toMatch(/none\.mjs does not exist/);
    });
  });

  test("a supervised runner that is killed is followed by another", async () => {
    await inFolder(async (folder) => {
      await bytesper(["run", COUNTING, "--out", folder, "--detach", "--supervise", "--slots", "1"]);
      const before = await eventually(folder, ({ done }) => done > 0);
      if (!("pid" in before.runner)) throw new Error(before.runner.absent);
      process.kill(before.runner.pid, "SIGKILL");
      const ended = await eventually(folder, ({ state }) => state === "finished");
      expect(ended).toMatchObject({ done: 6, outcomes: { ok: 6 } });
      const records = readJournal(join(folder, "journal.jsonl")).records;
      expect(records.filter(({ type }) => type === "runner")).toHaveLength(2);
      // Each cell has one result, and only the one under way was started twice.
      expect(records.filter(({ type }) => type === "finished")).toHaveLength(6);
      expect(records.filter(({ type }) => type === "started").length).toBeLessThanOrEqual(7);
      // The results are written after the last cell, by the second runner.
      for (
        let waited = 0;
        waited < PATIENCE_MS && !existsSync(join(folder, "counting/result.json"));
        waited += 100
      )
        await sleep(100);
      expect(readdirSync(join(folder, "counting"))).toContain("result.json");
    });
  });
});

const MISTAKES: [string[], RegExp][] = [
  [["run", "/nowhere/x.mjs"], /does not exist/],
  [["run", COUNTING, "--filter", "m=1"], /names the factor "m", which no experiment has; the factors are n/],
  [["run", COUNTING, "--filter", "n=9"], /has no level n=9; its levels are 1, 2/],
  [["run", COUNTING, "--filter", "n"], /FACTOR=LEVEL/],
  [["run", COUNTING, "--only", "other"], /names none of the experiments/],
  [["run", COUNTING, COUNTING], /Two of the files define the experiment "counting"/],
  [["run", COUNTING, "--timeout", "0"], /is not a time/],
  [["run", COUNTING, "--soft-memory", "200%"], /percentage/],
  [["run", COUNTING, "--json"], /--json belongs to --dry-run/],
  [["resume", "/nowhere"], /does not exist; give the folder of a run/],
  [["status", "/nowhere"], /does not exist; give the folder of a run/],
  [["retry", "/nowhere", "--outcome", "sad"], /does not exist|There is no outcome/],
  [["retry", "/nowhere", "--more-memory", "0.5"], /factor above 1/],
];

test.each(MISTAKES)("bytesper %j is a mistake of one sentence", async (args, sentence) => {
  await inFolder(async (folder) => {
    const { code, stderr } = await inOneProcess(args, { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(folder, "results"))).toBe(false);
  });
});

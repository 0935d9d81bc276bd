import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PlanSummary } from "../../../src/runner/engine/plan-table.js";
import type { RunStatus } from "../../../src/runner/engine/status.js";
import { inFolder } from "../cli.js";
import { Grid, recordsOf, resultOf, tablesOf } from "./grid.js";
import { run, Runner } from "./runner.js";

/** Cells of the last runner, by label. */
function startedLast(out: string): string[] {
  const records = recordsOf(out);
  const labels = new Map(
    records.flatMap((record) =>
      record.type === "planned" ? [[`${record.cell} ${record.trial}`, record.label]] : [],
    ),
  );
  const from = records.findLastIndex(({ type }) => type === "runner");
  return records
    .slice(from)
    .flatMap((record) =>
      record.type === "started" ? [labels.get(`${record.cell} ${record.trial}`) ?? ""] : [],
    )
    .sort();
}

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

describe("an experiment that was edited between runs", () => {
  test("runs the cells that are new; those that are gone are listed, kept, and in no table", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { x: 3, y: 1 });
      const out = join(folder, "out");
      await ok("run", grid.file, "--out", out);
      grid.write({ x: 4, y: 1, more: { exclude: [{ x: 1 }] } });
      const plan = JSON.parse(await ok("resume", out, "--dry-run", "--json")) as PlanSummary;
      expect(plan.cells.map(({ label, run: runs, reason }) => [label, runs, reason])).toEqual([
        ["grid x=2 y=1", false, "done (ok)"],
        ["grid x=3 y=1", false, "done (ok)"],
        ["grid x=4 y=1", true, "not run yet"],
      ]);
      expect(plan.orphans).toMatchObject([{ experiment: "grid", cells: [expect.any(String)] }]);
      expect(await ok("resume", out, "--dry-run")).toMatch(
        /grid: 1 cell of the journal is not in the plan any more; what they read stays in the journal \([0-9a-f]{20}\)\./,
      );
      await ok("resume", out);
      expect(startedLast(out)).toEqual(["grid x=4 y=1"]);
      expect(resultOf(out).rows.map(({ factors }) => factors.x)).toEqual([2, 3, 4]);
      expect(recordsOf(out).filter(({ type }) => type === "finished")).toHaveLength(4);
    });
  });

  test("runs every cell again whose command changed, with the reason", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { x: 2, y: 1 });
      const out = join(folder, "out");
      await ok("run", grid.file, "--out", out);
      grid.write({ x: 2, y: 1, seconds: 0.001 });
      const plan = JSON.parse(await ok("resume", out, "--dry-run", "--json")) as PlanSummary;
      for (const { run: runs, reason } of plan.cells)
        expect([runs, reason]).toEqual([true, "its source, settings or Node version changed"]);
      await ok("resume", out);
      expect(startedLast(out)).toEqual(["grid x=1 y=1", "grid x=2 y=1"]);
      // Back again, what was read at first is there.
      grid.write({ x: 2, y: 1 });
      await ok("resume", out);
      expect(startedLast(out)).toEqual([]);
      expect(resultOf(out).rows).toHaveLength(2);
    });
  });

  test("with fewer repetitions keeps those that are left, with more runs those that are new", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { x: 2, y: 1, repetitions: 2 });
      const out = join(folder, "out");
      await ok("run", grid.file, "--out", out);
      grid.write({ x: 2, y: 1, repetitions: 1 });
      await ok("resume", out);
      expect(startedLast(out)).toEqual([]);
      expect(resultOf(out).rows.map(({ trials }) => trials)).toEqual([1, 1]);
      grid.write({ x: 2, y: 1, repetitions: 3 });
      await ok("resume", out);
      expect(startedLast(out)).toEqual(["grid x=1 y=1 trial 3", "grid x=2 y=1 trial 3"]);
      expect(resultOf(out).rows.map(({ trials }) => trials)).toEqual([3, 3]);
    });
  });

  test("and is gone is told by its name, and the journal stays", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { x: 1, y: 1 });
      const out = join(folder, "out");
      await ok("run", grid.file, "--out", out);
      const before = readFileSync(join(out, "journal.jsonl"));
      writeFileSync(grid.file, "export default 5;\n");
      const { code, stderr } = await run(["resume", out]);
      expect(stderr).toMatch(/grid\.experiment\.mjs is not an experiment/);
      expect(code).toBe(2);
      expect(readFileSync(join(out, "journal.jsonl")).equals(before)).toBe(true);
    });
  });
});

test("resume of a complete run starts no cell and changes no table", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder);
    const out = join(folder, "out");
    await ok("run", grid.file, "--out", out);
    const before = resultOf(out);
    for (let time = 0; time < 2; time++) {
      await ok("resume", out);
      expect(startedLast(out)).toEqual([]);
      // The journal tells of a further runner, and has another hash by that.
      const { journalSha256 } = resultOf(out);
      expect(resultOf(out)).toEqual({ ...before, journalSha256 });
    }
  });
});

/** Fails until a file beside it is there. */
const MOODY = `if [ {x} = 2 ] && [ ! -e mended ]; then exit 1; fi; if [ {x} = 3 ] && [ ! -e mended ]; then sleep 60; fi; echo '{"product": {x}, "sum": 1}'`;

describe("retry", () => {
  test("runs the outcomes that are named, and resume runs none of them", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, {
        x: 3,
        y: 1,
        more: { command: ["sh", "-c", MOODY], caps: { time: "1 s" }, factors: { x: [1, 2, 3] } },
      });
      const out = join(folder, "out");
      const first = await run(["run", grid.file, "--out", out]);
      expect(first.code).toBe(1);
      expect(first.stdout).toMatch(/cells-missing: 2 cells have no result/);
      expect((await run(["resume", out])).code).toBe(1);
      expect(startedLast(out)).toEqual([]);
      writeFileSync(join(folder, "mended"), "");
      expect((await run(["retry", out, "--outcome", "timeout"])).code).toBe(1);
      expect(startedLast(out)).toEqual(["grid x=3"]);
      await ok("retry", out, "--outcome", "timeout,crash");
      expect(startedLast(out)).toEqual(["grid x=2"]);
      expect(resultOf(out)).toMatchObject({ complete: true, missing: [] });
      expect(readdirSync(join(out, "grid")).sort()).toEqual(["result.json", "result.md", "tables"]);
      await ok("retry", out, "--outcome", "timeout,crash");
      expect(startedLast(out)).toEqual([]);
    });
  });

  test("with more memory runs what ran out of it, and a kill in between loses neither", async () => {
    await inFolder(async (folder) => {
      const script = `const kept = []; for (let mib = 0; mib < Number(process.argv[1]); mib += 8) kept.push(Buffer.alloc(2 ** 23, 1)); console.log('{"product": 1, "sum": 1}'); setTimeout(() => kept.length, 300);`;
      const grid = new Grid(folder, {
        more: {
          factors: { x: [16, 192] },
          caps: { memory: "160 MiB", time: "60 s" },
          command: [process.execPath, "-e", script, "{x}"],
        },
      });
      const out = join(folder, "out");
      await ok("run", grid.file, "--out", out);
      expect(resultOf(out).rows.map(({ outcome }) => outcome)).toEqual(["ok", "oom-cap"]);
      const killed = new Runner(["retry", out, "--more-memory", "2x"]);
      await expect
        .poll(() => recordsOf(out).filter(({ type }) => type === "started").length, { timeout: 20_000 })
        .toBe(3);
      killed.child.kill("SIGKILL");
      await killed.ended;
      expect((await run(["report", out])).code).toBe(0);
      expect(resultOf(out).rows[1]).toMatchObject({
        outcome: "oom-cap",
        readings: { peakBytes: { above: 160 * 2 ** 20 } },
      });
      await ok("resume", out);
      expect(startedLast(out)).toEqual(["grid x=192"]);
      expect(resultOf(out).rows).toMatchObject([
        { outcome: "ok" },
        { outcome: "ok", capBytes: 320 * 2 ** 20 },
      ]);
    });
  });
});

describe("status from another process", () => {
  test("is running while the runner lives, and stopped after it was killed", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { seconds: 0.4 });
      const out = join(folder, "out");
      const runner = new Runner(["run", grid.file, "--out", out, "--slots", "2"]);
      const status = async (): Promise<RunStatus | undefined> => {
        const { code, stdout } = await run(["status", out, "--json"]);
        return code === 0 ? (JSON.parse(stdout) as RunStatus) : undefined;
      };
      await expect.poll(async () => (await status())?.done ?? 0, { timeout: 20_000 }).toBeGreaterThan(1);
      const during = await status();
      expect(during).toMatchObject({
        state: "running",
        runner: { pid: runner.pid },
        planned: 10,
        failed: 0,
        torn: false,
      });
      expect(during?.running.length).toBeGreaterThan(0);
      runner.child.kill("SIGKILL");
      await runner.ended;
      const after = await status();
      expect(after).toMatchObject({
        state: "stopped",
        runner: { absent: "no runner is at work" },
        running: [],
      });
      expect(after?.done).toBeGreaterThanOrEqual(during?.done ?? 0);
      expect((await run(["status", out])).stdout).toContain("Go on with: bytesper resume");
      await ok("resume", out);
      expect(await status()).toMatchObject({ state: "finished", done: 10, leftMs: 0 });
    });
  });
});

describe("report", () => {
  test("derives the results of several experiments again, byte for byte, here and elsewhere", async () => {
    await inFolder(async (folder) => {
      const one = new Grid(join(folder, "one"), { name: "one", x: 2 });
      const two = new Grid(join(folder, "two"), { name: "two", y: 1 });
      const out = join(folder, "out");
      await ok("run", one.file, two.file, "--out", out);
      const files = ["one", "two"].flatMap((name) => [`${name}/result.json`, `${name}/result.md`]);
      const read = (place: string): string[] => files.map((file) => readFileSync(join(place, file), "utf8"));
      const before = read(out);
      await ok("report", out);
      expect(read(out)).toEqual(before);
      await ok("report", out, "--out", join(folder, "elsewhere"));
      expect(read(join(folder, "elsewhere"))).toEqual(before);
    });
  });

  test("of a run that was killed has what it has, as a part, and goes when the run is complete", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { seconds: 0.4 });
      await ok("run", grid.file, "--out", join(folder, "whole"));
      const out = join(folder, "out");
      const runner = new Runner(["run", grid.file, "--out", out, "--slots", "2"]);
      // The journal itself is read: a command that reads it may take longer than the whole run.
      const journal = join(out, "journal.jsonl");
      await expect
        .poll(() => existsSync(journal) && readFileSync(journal, "utf8").includes('"type":"finished"'), {
          interval: 20,
          timeout: 20_000,
        })
        .toBe(true);
      runner.child.kill("SIGKILL");
      await runner.ended;
      await ok("report", out);
      expect(readdirSync(join(out, "grid")).sort()).toEqual(["partial.json", "partial.md"]);
      await ok("resume", out);
      expect(readdirSync(join(out, "grid")).sort()).toEqual(["result.json", "result.md", "tables"]);
      expect(tablesOf(out)).toBe(tablesOf(join(folder, "whole")));
    });
  });
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../cli.js";
import { Grid, recordsOf, startedAgain, tablesOf } from "./grid.js";
import { run, Runner } from "./runner.js";

/** Waits until cells of the run have ended; the file of its journal comes some time after its process. */
async function untilFinished(out: string, cells: number): Promise<void> {
  const finished = (): number =>
    existsSync(join(out, "journal.jsonl"))
      ? recordsOf(out).filter(({ type }) => type === "finished").length
      : 0;
  await expect.poll(finished, { timeout: 20_000 }).toBeGreaterThanOrEqual(cells);
}

test("a run that is under way refuses a second runner, and is not disturbed", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { seconds: 0.4 });
    const out = join(folder, "out");
    const first = new Runner(["run", grid.file, "--out", out, "--slots", "2"]);
    await untilFinished(out, 1);
    for (const command of ["resume", "retry"]) {
      const second = await run([command, out]);
      expect(second.stderr).toMatch(
        new RegExp(
          `runs/.*\\.jsonl is being written by process ${first.pid} on .*; wait for it, or end it first\\.\n$`,
        ),
      );
      expect(second.code).toBe(2);
    }
    expect((await first.ended).code, first.stderr).toBe(0);
    expect(recordsOf(out).filter(({ type }) => type === "runner")).toHaveLength(1);
    expect(startedAgain(recordsOf(out))).toEqual([]);
  });
});

test("a runner that was killed holds nothing: the next one goes on at once", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { seconds: 0.2 });
    const whole = await run(["run", grid.file, "--out", join(folder, "whole")]);
    expect(whole.code, whole.stderr).toBe(0);
    const out = join(folder, "out");
    const first = new Runner(["run", grid.file, "--out", out, "--slots", "2"]);
    await untilFinished(out, 2);
    first.child.kill("SIGKILL");
    const second = new Runner(["resume", out]);
    expect((await second.ended).code, second.stderr).toBe(0);
    expect(tablesOf(out)).toBe(tablesOf(join(folder, "whole")));
    const runners = recordsOf(out).flatMap((record) => (record.type === "runner" ? [record.owner.pid] : []));
    expect(runners).toEqual([first.pid, second.pid]);
  });
});

test("of two runners that want the same run at the same moment one gets it", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { seconds: 0.3 });
    const out = join(folder, "out");
    const first = new Runner(["run", grid.file, "--out", out]);
    await untilFinished(out, 1);
    first.child.kill("SIGKILL");
    await first.ended;
    const both = [new Runner(["resume", out]), new Runner(["resume", out])];
    const codes = await Promise.all(both.map(async ({ ended }) => (await ended).code));
    expect(codes.sort()).toEqual([0, 2]);
    expect(both.map(({ stderr }) => stderr).join("")).toContain("is being written by");
    expect(startedAgain(recordsOf(out))).toEqual([]);
  });
});

test("two runs in one folder have a journal each, and neither takes the other's away", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const slow = new Grid(join(folder, "slow"), { name: "slow", seconds: 0.5 });
    const quick = new Grid(join(folder, "quick"), { name: "quick", x: 2, y: 1 });
    const first = new Runner(["run", slow.file, "--out", out, "--slots", "4"]);
    await untilFinished(out, 1);
    expect((await run(["run", quick.file, "--out", out])).code).toBe(0);
    expect((await first.ended).code, first.stderr).toBe(0);
    for (const name of ["slow", "quick"]) expect(tablesOf(out, name)).toContain("Products");
  });
});

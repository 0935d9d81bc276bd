import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inFolder } from "../cli.js";
import { bytesperInOneProcess } from "../one-process.js";
import { Grid } from "./grid.js";
import { run, Runner } from "./runner.js";

const inOneProcess = bytesperInOneProcess();

/** Where the runs of `--chaos` go, so that a test sees what is left of them. */
function temporary(folder: string): NodeJS.ProcessEnv {
  const place = join(folder, "temporary");
  mkdirSync(place, { recursive: true });
  return { TMPDIR: place };
}

describe("run --chaos", () => {
  test("says for each fault that the tables agree, and leaves nothing behind", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { seconds: 0.1, repetitions: 2 });
      const env = temporary(folder);
      const { code, stdout, stderr } = await run(["run", grid.file, "--chaos", "--kills", "3"], { env });
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^runner killed \(SIGKILL\), resumed +3 +yes +nothing$/m);
      expect(stdout).toMatch(/^runner killed, journal torn, resumed +3 +yes +nothing$/m);
      expect(stdout).toMatch(/^disk full \(file-size limit\), resumed +1 +yes +nothing$/m);
      expect(stdout).toMatch(/^Left out, .*: readings\.durationMs, .*readings\.peakBytes/m);
      expect(stdout).toMatch(/^\d{3} values of the results are compared/m);
      expect(readdirSync(env.TMPDIR ?? "")).toEqual([]);
      expect(existsSync(join(folder, "results"))).toBe(false);
    });
  });

  test("does not call noise a difference, in whichever reading it is", async () => {
    await inFolder(async (folder) => {
      const noisy = `echo '{"product": {x}, "sum": 1, "noise": '$(od -An -N4 -tu4 /dev/urandom)'}'`;
      const grid = new Grid(folder, {
        x: 3,
        y: 1,
        more: { factors: { x: [1, 2, 3] }, command: ["sh", "-c", noisy] },
      });
      const { code, stdout, stderr } = await run(["run", grid.file, "--chaos", "--kills", "1"], {
        env: temporary(folder),
      });
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^Left out, .*: .*readings\.noise/m);
    });
  });

  // Its cells read whether they were started by a resumed runner, as the cells of a runner would that mixes attempts up.
  test("finds tables that depend on the fault, says where, keeps the runs, and ends with 1", async () => {
    await inFolder(async (folder) => {
      const telling = `runner=$(sed -n 's/^PPid:\\t//p' /proc/$PPID/status); resumed=$(tr '\\0' '\\n' < /proc/$runner/cmdline | grep -cx resume); echo '{"product": '$resumed', "sum": 1}'`;
      const grid = new Grid(folder, { more: { command: ["sh", "-c", telling] } });
      const env = temporary(folder);
      const { code, stdout } = await run(["run", grid.file, "--chaos", "--kills", "1"], { env });
      expect(code).toBe(1);
      // A kill may come before the first cell or after the last; where the disk is full, some cells are always left.
      expect(stdout).toMatch(
        /^disk full .* +1 +no +grid rows\[.*\]\.readings\.product\.value is 1 and was 0;/m,
      );
      const [, kept = ""] = /^The runs are kept in (.*)\.$/m.exec(stdout) ?? [];
      expect(readdirSync(kept)).toContain("undisturbed-1");
      rmSync(kept, { recursive: true });
    });
  });

  test("is interrupted at once, with nothing left", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { seconds: 0.5 });
      const env = temporary(folder);
      const runner = new Runner(["run", grid.file, "--chaos"], { env });
      await expect.poll(() => existsSync(join(folder, "starts")), { timeout: 20_000 }).toBe(true);
      runner.child.kill("SIGINT");
      expect((await runner.ended).code, runner.stderr).toBe(130);
      expect(readdirSync(env.TMPDIR ?? "")).toEqual([]);
    });
  });

  test("of a grid that fails by itself tells its own reason", async () => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, {
        x: 1,
        y: 1,
        more: { command: ["nowhere-to-be-found"], factors: { x: [1] } },
      });
      const { code, stderr } = await run(["run", grid.file, "--chaos"], { env: temporary(folder) });
      expect(stderr).toMatch(/The grid has no table to compare: .*nowhere-to-be-found/);
      expect(code).toBe(1);
    });
  });

  test.each([
    [["--kills", "0"], /Expected a whole number from 1/],
    [["--detach"], /--chaos kills runners of this machine in the foreground/],
    [["--filter", "z=1"], /--filter names the factor "z", which no experiment has/],
  ])("with %j is a mistake of one sentence", async (args, sentence) => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder);
      const { code, stderr } = await inOneProcess(["run", grid.file, "--chaos", ...args]);
      expect(stderr).toMatch(sentence);
      expect(code).toBe(2);
    });
  });
});

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Result } from "../../../src/record/schema.js";
import { parseResult } from "../../../src/record/schema.js";
import type { Executor } from "../../../src/runner/executor/executor.js";
import { startTicksOf } from "../../../src/system/process.js";
import { bytesper, inFolder, ROOT } from "../cli.js";
import { MIB, runJob, runJobs, scriptJob } from "./jobs.js";

/** A place where cells run. */
export interface ExecutorSite {
  executor: (folder: string) => Promise<Executor>;
  /** What the command line needs to use it. */
  args: string[];
  env: NodeJS.ProcessEnv;
  stop: () => Promise<void>;
}

const PATIENCE_MS = 60_000;

/** Says how much it has, 16 MiB at a time. */
const HOG = `
  const kept = [];
  for (;;) {
    kept.push(Buffer.alloc(${16 * MIB}, 1));
    console.log(JSON.stringify({ heldBytes: kept.length * ${16 * MIB} }));
  }`;

/**
 * What every executor must do, whatever lies between the runner and the cells.
 *
 * @param missing why there is no such place here
 */
export function conformance(name: string, open: () => Promise<ExecutorSite>, missing?: string): void {
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name} (skipped: ${missing})`,
    () => {
      let place: ExecutorSite;
      beforeAll(async () => {
        place = await open();
      }, 2 * PATIENCE_MS);
      afterAll(async () => {
        await place.stop();
      }, 2 * PATIENCE_MS);

      const withExecutor = (use: (executor: Executor, folder: string) => Promise<void>): Promise<void> =>
        inFolder(async (folder) => {
          const executor = await place.executor(folder);
          try {
            await use(executor, folder);
          } finally {
            await executor.close();
          }
        });

      test("a cell that ends well gives its readings and its peak", async () => {
        await withExecutor(async (executor, folder) => {
          const script = `const held = Buffer.alloc(${64 * MIB}, 1); console.log(JSON.stringify({ heldBytes: held.length }))`;
          const end = await runJob(executor, scriptJob(folder, script));
          expect(end).toMatchObject({
            outcome: "ok",
            data: { readings: { heldBytes: 64 * MIB }, jsonLines: 1 },
          });
          expect(end.memory.peakBytes).toBeGreaterThan(64 * MIB);
          expect(end.memory.peakBytes).toBeLessThan(256 * MIB);
        });
      });

      test("a cell above its cap is out of memory, with the cap as its bound", async () => {
        await withExecutor(async (executor, folder) => {
          const end = await runJob(executor, scriptJob(folder, HOG, { capBytes: 128 * MIB }));
          expect(end).toMatchObject({ outcome: "oom-cap", aboveBytes: 128 * MIB });
          expect(end.memory).toMatchObject({ capBytes: 128 * MIB });
          expect(end.memory.enforcement).not.toBe("none");
        });
      });

      test("a cell beyond its time limit is a timeout", async () => {
        await withExecutor(async (executor, folder) => {
          const end = await runJob(
            executor,
            scriptJob(folder, "setInterval(() => 0, 1e9)", { timeoutMs: 1_000 }),
          );
          expect(end).toMatchObject({ outcome: "timeout", cause: "did not finish within 1 s" });
        });
      });

      test("a crash comes with its exit code and its last words", async () => {
        await withExecutor(async (executor, folder) => {
          const end = await runJob(
            executor,
            scriptJob(folder, `console.error("no such weights"); process.exit(7)`),
          );
          expect(end).toMatchObject({ outcome: "crash", evidence: { exitCode: 7 } });
          expect(end.cause).toContain("no such weights");
        });
      });

      test("an exit code of 0 without a reading that is required is a crash", async () => {
        await withExecutor(async (executor, folder) => {
          const job = scriptJob(folder, `console.log('{"other": 1}')`);
          if (job.work.kind === "command") job.work.command.required = ["lossPercent"];
          const end = await runJob(executor, job);
          expect(end.outcome).toBe("crash");
          expect(end.cause).toContain("without the reading lossPercent");
        });
      });

      test("what a cell streams is seen while it runs", async () => {
        await withExecutor(async (executor, folder) => {
          // The cell ends only after its first record was seen outside.
          const script = `
          console.log('{"step": 1}');
          const seen = setInterval(() => {
            if (!require("node:fs").existsSync("seen")) return;
            clearInterval(seen);
            console.log('{"step": 2}');
          }, 20);`;
          const turns: unknown[] = [];
          const end = await runJob(
            executor,
            scriptJob(folder, script, { timeoutMs: PATIENCE_MS / 2 }),
            (turn) => {
              turns.push(turn);
              writeFileSync(join(folder, "seen"), "");
            },
          );
          expect(end).toMatchObject({ outcome: "ok", data: { readings: { step: 2 } } });
          expect(turns).toEqual([{ step: 1 }, { step: 2 }]);
        });
      });

      test("an interrupted cell ends as such, and nothing of its tree lives on", async () => {
        await withExecutor(async (executor, folder) => {
          const script = `
          const { spawn } = require("node:child_process");
          const child = spawn("sleep", ["600"], { detached: true });
          require("node:fs").writeFileSync("pids.tmp", process.pid + " " + child.pid);
          require("node:fs").renameSync("pids.tmp", "pids");
          setInterval(() => 0, 1e9);`;
          const job = scriptJob(folder, script, { timeoutMs: 10 * PATIENCE_MS });
          const [running] = await executor.submit([job], () => ({}));
          const pids = await processesIn(join(folder, "pids"));
          expect(pids.map(isAlive)).toEqual([true, true]);
          running?.stop("interrupted", "the user had enough");
          expect(await running?.end).toMatchObject({ outcome: "interrupted", cause: "the user had enough" });
          expect(pids.map(isAlive)).toEqual([false, false]);
        });
      });

      test("100 MB of garbage cost no memory and hide no reading", async () => {
        await withExecutor(async (executor, folder) => {
          const script = `
          const { writeSync } = require("node:fs");
          const noise = require("node:crypto").randomBytes(1e6);
          const write = (bytes) => {
            for (let at = 0; at < bytes.length; ) {
              try { at += writeSync(1, bytes, at); } catch (error) { if (error.code !== "EAGAIN") throw error; }
            }
          };
          for (let times = 0; times < 100; times++) write(noise);
          write(Buffer.from('\\n{"answer": 42}\\n'));`;
          const end = await runJob(executor, scriptJob(folder, script));
          expect(end).toMatchObject({ outcome: "ok", data: { readings: { answer: 42 } } });
          expect((end.data as { outputBytes: number }).outputBytes).toBeGreaterThan(100e6);
        });
      });

      test("a grandchild that dies is the business of its parent", async () => {
        await withExecutor(async (executor, folder) => {
          const script = `
          const { spawnSync } = require("node:child_process");
          const { signal } = spawnSync("sh", ["-c", "kill -9 $$"]);
          console.log(JSON.stringify({ died: signal === "SIGKILL" ? 1 : 0 }));`;
          const end = await runJob(executor, scriptJob(folder, script));
          expect(end).toMatchObject({ outcome: "ok", data: { readings: { died: 1 } } });
        });
      });

      test("many cells at once keep their answers apart, in the order of their jobs", async () => {
        await withExecutor(async (executor, folder) => {
          const numbers = Array.from({ length: 12 }, (_, index) => index);
          const script = `console.log(JSON.stringify({ own: Number(process.argv[1]) }))`;
          const jobs = numbers.map((own) => scriptJob(folder, script, {}, String(own)));
          const ends = await runJobs(executor, jobs);
          expect(ends.map(({ outcome }) => outcome)).toEqual(numbers.map(() => "ok"));
          expect(ends.map(({ data }) => (data as { readings: { own: number } }).readings.own)).toEqual(
            numbers,
          );
        });
      });

      test("the tables of a grid are those of this machine, in all that does not vary", async () => {
        await inFolder(async (folder) => {
          const [here, there] = [join(folder, "here"), join(folder, "there")];
          const grid = join(ROOT, "test/fixtures/grids/hog.experiment.mjs");
          expect((await bytesper(["run", grid, "--out", here])).code).toBe(0);
          const ended = await bytesper(["run", grid, "--out", there, ...place.args], { env: place.env });
          expect(ended.stderr).not.toContain("does not");
          expect(ended.code).toBe(0);
          expect(lasting(there)).toEqual(lasting(here));
          expect(existsSync(join(there, "runs", "hog"))).toBe(false);
        });
      });
    },
  );
}

/** What two runs of the same grid have in common. */
function lasting(folder: string): unknown {
  const result: Result = parseResult(readFileSync(join(folder, "hog/result.json"), "utf8"), folder);
  const { experiment, unit, complete, missing, estimates, settings, rows } = result;
  return {
    ...{ experiment, unit, complete, missing, settings },
    estimates: estimates.map(({ formula }) => formula),
    rows: rows.map(({ factors, outcome, trials, readings }) => ({
      ...{ factors, outcome, trials },
      square: readings.square,
      touched: readings.touchedBytes,
      bound: (readings.peakBytes as { above?: number }).above,
    })),
  };
}

async function processesIn(file: string): Promise<number[]> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!existsSync(file)) {
    if (Date.now() > deadline) throw new Error(`${file} did not appear within ${PATIENCE_MS / 1000} s`);
    await pause(50);
  }
  return readFileSync(file, "utf8").split(" ").map(Number);
}

function isAlive(pid: number): boolean {
  return startTicksOf(pid) !== undefined;
}

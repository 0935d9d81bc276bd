import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Manifest } from "../../../src/runner/executor/slurm/batch-folder.js";
import { closeBatch, readEnd, takeClaim } from "../../../src/runner/executor/slurm/batch-folder.js";
import { inFolder, ROOT, run } from "../cli.js";
import { scriptJob } from "./jobs.js";

const TASK = join(ROOT, "dist/runner/executor/slurm/task.js");

/** A batch of one cell that leaves a mark, and what Slurm tells its task. */
async function withBatch(
  use: (batch: {
    folder: string;
    id: string;
    ran: () => number;
    start: (variables?: NodeJS.ProcessEnv) => ReturnType<typeof run>;
  }) => Promise<void>,
  change: Partial<Manifest> = {},
): Promise<void> {
  await inFolder(async (out) => {
    const folder = join(out, "1");
    mkdirSync(folder);
    const job = scriptJob(out, `require("node:fs").appendFileSync("ran", "x"); console.log('{"own": 1}')`);
    const manifest: Manifest = {
      schema: "bytesper/slurm-batch@1",
      name: "test",
      node: process.versions.node,
      jobs: [job],
      ...change,
    };
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    await use({
      ...{ folder, id: job.id },
      ran: () => (existsSync(join(out, "ran")) ? readFileSync(join(out, "ran"), "utf8").length : 0),
      start: (variables = {}) =>
        run(process.execPath, [TASK, folder], {
          env: { SLURM_ARRAY_JOB_ID: "12", SLURM_ARRAY_TASK_ID: "0", ...variables },
        }),
    });
  });
}

describe("the task of a cell", () => {
  test("writes its end with its node and its job", async () => {
    await withBatch(async ({ folder, id, ran, start }) => {
      expect((await start()).code).toBe(0);
      expect(readEnd(folder, 0, id)).toMatchObject({
        end: { outcome: "ok", data: { readings: { own: 1 } }, evidence: { slurmJob: "12_0" } },
      });
      expect(ran()).toBe(1);
    });
  });

  test("runs once, however often it is started", async () => {
    await withBatch(async ({ folder, id, ran, start }) => {
      const codes = await Promise.all([start(), start({ SLURM_ARRAY_JOB_ID: "13" }), start()]);
      expect(codes.map(({ code }) => code)).toEqual([0, 0, 0]);
      await start({ SLURM_RESTART_COUNT: "1" });
      expect(ran()).toBe(1);
      expect(readEnd(folder, 0, id)?.end.outcome).toBe("ok");
    });
  });

  test("does not begin where the runner has given the batch up", async () => {
    await withBatch(async ({ folder, id, ran, start }) => {
      closeBatch(folder);
      expect((await start()).stderr).toContain("given this batch up");
      expect(ran()).toBe(0);
      expect(readEnd(folder, 0, id)).toBeUndefined();
    });
  });

  test("says that it was killed before, where the same job starts it again", async () => {
    await withBatch(async ({ folder, id, ran, start }) => {
      takeClaim(folder, 0, { host: "n7", pid: 1, job: "12_0", restart: 0 });
      await start({ SLURM_RESTART_COUNT: "1" });
      expect(readEnd(folder, 0, id)?.end).toMatchObject({
        outcome: "interrupted",
        cause: "Slurm killed it on n7 and queued it again (restart 1)",
      });
      expect(ran()).toBe(0);
    });
  });

  test("leaves a cell alone that another job has", async () => {
    await withBatch(async ({ folder, id, ran, start }) => {
      takeClaim(folder, 0, { host: "n7", pid: 1, job: "11_0", restart: 0 });
      expect((await start()).stderr).toContain("taken by job 11_0 on n7");
      expect(readEnd(folder, 0, id)).toBeUndefined();
      expect(ran()).toBe(0);
    });
  });

  test("refuses a node with another Node", async () => {
    await withBatch(
      async ({ folder, id, ran, start }) => {
        await start();
        expect(readEnd(folder, 0, id)?.end).toMatchObject({
          outcome: "crash",
          cause: expect.stringContaining("the cell was planned for 1.2.3") as string,
        });
        expect(ran()).toBe(0);
      },
      { node: "1.2.3" },
    );
  });

  test("leaves a cell alone whose claim cannot be read", async () => {
    await withBatch(async ({ folder, ran, start }) => {
      symlinkSync("nowhere/at/all", join(folder, "0.claim"));
      const { code, stderr } = await start();
      expect(code).toBe(0);
      expect(stderr).toBe("bytesper: the cell is taken by job unknown on an unknown node\n");
      expect(ran()).toBe(0);
    });
  });

  test("says in its log that there is no such cell", async () => {
    await withBatch(async ({ start }) => {
      const { code, stderr } = await start({ SLURM_ARRAY_TASK_ID: "5" });
      expect(code).toBe(1);
      expect(stderr).toContain("there is no cell 5");
    });
  });

  test("names an enforcement that the node does not have", async () => {
    await withBatch(
      async ({ folder, id, start }) => {
        await start();
        const end = readEnd(folder, 0, id)?.end;
        expect(end?.outcome).toBe("crash");
        expect(end?.cause).toContain("is not available here");
      },
      { enforcement: "systemd-scope-of-none" as "none" },
    );
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conformance } from "../executors/conformance.js";
import { MIB, runJob, scriptJob } from "../executors/jobs.js";
import { slurmAt, slurmSite } from "../executors/places.js";
import { recovery, SLURM_ARGS, withMarks } from "../executors/recovery.js";
import { bytesper, inFolder, MAIN, run } from "../cli.js";
import type { SlurmSite } from "../stand-in/slurm/site.js";
import { noSlurm, startCluster } from "./cluster.js";

const MISSING = noSlurm();
const PATIENCE = { timeout: 60_000, interval: 100 };

conformance("a Slurm of one node", async () => slurmSite(await startCluster()), MISSING);
recovery("a Slurm of one node", startCluster, MISSING);

describe.skipIf(MISSING !== undefined)(
  `a Slurm of one node that ends and refuses jobs (${MISSING ?? "here"})`,
  () => {
    let site: SlurmSite;
    beforeAll(async () => {
      site = await startCluster();
    }, 120_000);
    afterAll(async () => {
      await site.stop();
    }, 120_000);

    test("cells that a partition of higher priority preempts run again, and the tables are whole", async () => {
      await withMarks(site, async ({ folder, out, file, env, go, ran, ends }) => {
        const args = ["run", file, "--out", out, ...SLURM_ARGS];
        const runner = spawn(process.execPath, [MAIN, ...args], {
          env: { ...process.env, ...env },
          stdio: "ignore",
        });
        const exit = once(runner, "exit") as Promise<[number | null]>;
        await expect.poll(ran, PATIENCE).toEqual([0, 1, 2, 3, 4, 5]);
        // Takes every processor for a moment.
        const all = await run("sbatch", ["--partition=high", "--exclusive", "--wrap", "sleep 1"], {
          env: { ...process.env, ...env },
          cwd: folder,
        });
        expect(all.code).toBe(0);
        await expect
          .poll(() => ends().some(({ end }) => end.evidence.slurmEnd === "preempted"), PATIENCE)
          .toBe(true);
        go();
        expect(await exit).toEqual([0, null]);
        expect(ends().filter(({ end }) => end.outcome === "ok")).toHaveLength(6);
        const preempted = ends().filter(({ end }) => end.evidence.slurmEnd === "preempted");
        expect(preempted.every(({ end }) => end.evidence.slurmState === "PREEMPTED")).toBe(true);
        expect(ran()).toHaveLength(6 + preempted.length);
      });
    });

    test("a cell that uses a device gets one of its own, and others get none", async () => {
      await inFolder(async (folder) => {
        const executor = await slurmAt(site, folder);
        const script = `console.log(JSON.stringify({ gpus: Number(process.env.SLURM_GPUS_ON_NODE ?? 0) }))`;
        const [withDevice, without] = await Promise.all([
          runJob(executor, scriptJob(folder, script, { deviceCapBytes: 64 * MIB })),
          runJob(executor, scriptJob(folder, script)),
        ]);
        expect(withDevice).toMatchObject({ outcome: "ok", data: { readings: { gpus: 1 } } });
        expect(without).toMatchObject({ outcome: "ok", data: { readings: { gpus: 0 } } });
        await executor.close();
      });
    });

    test("the memory that Slurm grants lies above the cap, so that the verdict is the cell's own", async () => {
      await inFolder(async (folder) => {
        const executor = await slurmAt(site, folder);
        const script = `
        const kept = [];
        console.log(JSON.stringify({ grantedMiB: Number(process.env.SLURM_MEM_PER_NODE) }));
        setTimeout(() => { for (;;) kept.push(Buffer.alloc(${16 * MIB}, 1)); }, 500);`;
        const end = await runJob(executor, scriptJob(folder, script, { capBytes: 1024 * MIB }));
        expect(end).toMatchObject({ outcome: "oom-cap", data: { readings: { grantedMiB: 1280 } } });
        await executor.close();
      });
    });

    test("what the site does not have is said in Slurm's words", async () => {
      await withMarks(site, async ({ out, file, env, ran }) => {
        const args = ["run", file, "--out", out, ...SLURM_ARGS, "--slurm-partition", "nope"];
        const { code, stderr } = await bytesper(args, { env });
        expect(code).toBe(1);
        expect(stderr).toContain("invalid partition specified: nope");
        expect(ran()).toEqual([]);
      });
    });

    test("a job that cannot start tells why", async () => {
      await inFolder(async (folder) => {
        const notices: string[] = [];
        const executor = await slurmAt(site, folder, { options: ["--hold"] }, notices);
        const [running] = await executor.submit([scriptJob(join(folder), "0")], () => ({}));
        await expect.poll(() => notices.join(), PATIENCE).toContain("JobHeldUser");
        running?.stop("interrupted", "enough");
        expect(await running?.end).toMatchObject({ outcome: "interrupted", cause: "enough" });
        await executor.close();
      });
    });
  },
);

import { expect, test } from "vitest";
import { bytesper } from "../cli.js";
import { standInSlurm } from "../stand-in/slurm/site.js";
import { recovery, SLURM_ARGS, withMarks } from "./recovery.js";
import type { Marks } from "./recovery.js";

recovery("stand-in Slurm", () => Promise.resolve(standInSlurm()));

async function withFaults(
  faults: (place: string) => Record<string, string | number>,
  use: (marks: Marks) => Promise<void>,
): Promise<void> {
  const settings: Record<string, string | number> = {};
  const site = standInSlurm();
  try {
    await withMarks(site, async (marks) => {
      Object.assign(settings, faults(marks.folder));
      for (const [name, value] of Object.entries(settings)) marks.env[`STAND_IN_${name}`] = String(value);
      marks.go();
      await use(marks);
    });
  } finally {
    await site.stop();
  }
}

test("cells that were lost once run again as new attempts, and the tables are whole", async () => {
  await withFaults(
    () => ({ VANISH: "1.1,1.4" }),
    async ({ out, file, env, ends, ran }) => {
      const { code } = await bytesper(["run", file, "--out", out, ...SLURM_ARGS], { env });
      expect(code).toBe(0);
      expect(ran()).toEqual([0, 1, 2, 3, 4, 5]);
      const lost = ends().filter(({ end }) => end.evidence.slurmEnd === "lost");
      expect(lost.map(({ type, attempt }) => [type, attempt])).toEqual([
        ["interrupted", 1],
        ["interrupted", 1],
      ]);
      expect(ends().filter(({ end, attempt }) => end.outcome === "ok" && attempt === 2)).toHaveLength(2);
    },
  );
});

test("a cell that is lost twice is a crash with the evidence in its cause, and the others stand", async () => {
  await withFaults(
    () => ({ VANISH: "1.1,2.0" }),
    async ({ out, file, env, ends }) => {
      const { code } = await bytesper(["run", file, "--out", out, ...SLURM_ARGS], { env });
      expect(code).toBe(1);
      expect(ends().filter(({ end }) => end.outcome === "ok")).toHaveLength(5);
      const [crash] = ends().filter(({ end }) => end.outcome === "crash");
      expect(crash?.attempt).toBe(2);
      expect(crash?.end.cause).toContain("Slurm's job 2_0 left the queue without a result");
      expect(crash?.end.cause).toContain("(the second time)");
    },
  );
});

test("a site that refuses the options ends the run with a sentence and no cell", async () => {
  await withFaults(
    () => ({
      SBATCH_FAILS:
        "99|Batch job submission failed: Invalid account or account/partition combination specified",
    }),
    async ({ out, file, env, ran }) => {
      const { code, stderr } = await bytesper(["run", file, "--out", out, ...SLURM_ARGS], { env });
      expect(code).toBe(1);
      expect(stderr).toContain("Slurm does not take 6 cells");
      expect(stderr).toContain("Invalid account or account/partition combination");
      expect(ran()).toEqual([]);
    },
  );
});

test("a machine without Slurm is told so", async () => {
  await withFaults(
    () => ({}),
    async ({ out, file }) => {
      const { code, stderr } = await bytesper(["run", file, "--out", out, ...SLURM_ARGS], {
        env: { PATH: "/nonexistent" },
      });
      expect(code).toBe(2);
      expect(stderr).toContain("sbatch is not on the PATH");
    },
  );
});

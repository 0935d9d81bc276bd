import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CellEnd } from "../../../src/record/cell-end.js";
import type { CellJob } from "../../../src/runner/cell/execute.js";
import type { Executor } from "../../../src/runner/executor/executor.js";
import type { SlurmSettings } from "../../../src/runner/executor/slurm/settings.js";
import { inFolder, run } from "../cli.js";
import type { SlurmSite } from "../stand-in/slurm/site.js";
import { standInSlurm } from "../stand-in/slurm/site.js";
import { MIB, runJob, runJobs, scriptJob } from "./jobs.js";
import { slurmAt } from "./places.js";

interface Bench {
  executor: Executor;
  folder: string;
  site: SlurmSite;
  notices: string[];
  /** Ends of cells that print their number; each leaves a mark that it ran. */
  cells: (count: number, options?: Partial<CellJob>) => Promise<CellEnd[]>;
  /** The end of a cell that runs until something ends it. */
  endless: () => Promise<CellEnd>;
  ran: () => string[];
  squeue: () => Promise<string[]>;
}

type Faults = Record<string, string | number>;

/** Something happens to the first cell once it runs. */
const onceItRuns =
  (fault: "KILL" | "PREEMPT", others: Faults = {}) =>
  (folder: string): Faults => ({ [fault]: `1.0:${join(folder, "ran")}`, ...others });

/** An executor on a stand-in with the given faults. */
async function withFaults(
  faults: Faults | ((folder: string) => Faults),
  use: (bench: Bench) => Promise<void>,
  settings: Partial<SlurmSettings> = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const site = standInSlurm(typeof faults === "function" ? faults(folder) : faults);
    const notices: string[] = [];
    try {
      const executor = await slurmAt(site, folder, { fileWaitMs: 500, ...settings }, notices);
      const mark = `require("node:fs").appendFileSync("ran", process.argv[1] + "\\n");`;
      const script = `${mark} console.log(JSON.stringify({ own: Number(process.argv[1]) }))`;
      await use({
        ...{ executor, folder, site, notices },
        endless: () => runJob(executor, scriptJob(folder, `${mark} setInterval(() => 0, 1e9)`, {}, "0")),
        cells: (count, options = {}) =>
          runJobs(
            executor,
            Array.from({ length: count }, (_, own) => scriptJob(folder, script, options, String(own))),
          ),
        ran: () =>
          existsSync(join(folder, "ran"))
            ? readFileSync(join(folder, "ran"), "utf8").trim().split("\n").sort()
            : [],
        squeue: async () => {
          const { stdout } = await run("squeue", ["--format=%i %T"], { env: site.env });
          return stdout.split("\n").filter(Boolean);
        },
      });
      await executor.close();
    } finally {
      await site.stop();
    }
  });
}

const outcomes = (ends: readonly CellEnd[]): string[] => ends.map(({ outcome }) => outcome);

// Each has a Slurm of its own, and most of their time is waiting.
describe.concurrent("a stand-in Slurm with faults", () => {
  test("a job that vanishes before it starts is lost, and the cause says what was looked at", async () => {
    await withFaults({ VANISH: "1.1" }, async ({ cells, ran, executor }) => {
      const ends = await cells(3);
      expect(outcomes(ends)).toEqual(["ok", "interrupted", "ok"]);
      const [, lost] = ends;
      expect(lost?.evidence).toMatchObject({ slurmEnd: "lost", slurmJob: "1_1" });
      expect(lost?.cause).toContain("Slurm's job 1_1 left the queue without a result");
      expect(lost?.cause).toContain("sacct said nothing");
      expect(lost?.cause).toContain("had not begun");
      expect(ran()).toEqual(["0", "2"]);
      expect(executor.settle?.(lost as CellEnd, [])).toMatchObject({ again: true });
    });
  });

  test("a cell whose node dies is lost with the node's name and Slurm's state", async () => {
    await withFaults(onceItRuns("KILL"), async ({ endless }) => {
      const lost = await endless();
      expect(lost).toMatchObject({
        outcome: "interrupted",
        evidence: { slurmEnd: "lost", slurmState: "NODE_FAIL" },
      });
      expect(lost.cause).toContain("sacct said NODE_FAIL");
      expect(lost.cause).toContain(`had begun on ${hostname()}`);
    });
  });

  test("a site without accounting is named as such in the cause", async () => {
    await withFaults({ VANISH: "1.0", SACCT: "disabled" }, async ({ cells }) => {
      const [lost] = await cells(1);
      expect(lost?.cause).toContain("Slurm accounting storage is disabled");
    });
  });

  test("a preempted cell ends as preempted, with Slurm's own reason", async () => {
    await withFaults(onceItRuns("PREEMPT"), async ({ endless, executor }) => {
      const end = await endless();
      expect(end).toMatchObject({
        outcome: "interrupted",
        evidence: { slurmEnd: "preempted", slurmState: "PREEMPTED", slurmSignal: "SIGTERM" },
      });
      expect(executor.settle?.(end, [])).toMatchObject({ again: true });
    });
  });

  // The cell is never run a second time under the same attempt, whether its first start had time for a word or not, and
  // whether the runner learns of the second one from Slurm or from the second start itself.
  test.for<[string, ReturnType<typeof onceItRuns>]>([
    ["preempted, with a word of its own", onceItRuns("PREEMPT")],
    ["killed, and seen waiting again", onceItRuns("KILL", { START_DELAY_MS: 1_500 })],
    [
      "killed, and started again while Slurm answers no question",
      onceItRuns("KILL", { SQUEUE_FAILS: 1_000 }),
    ],
  ])("a job that Slurm queues again runs its cell once: %s", async ([, faults], { expect: ownExpect }) => {
    await withFaults(
      faults,
      async ({ endless, ran, squeue }) => {
        expect(await endless()).toMatchObject({
          outcome: "interrupted",
          evidence: { slurmEnd: "preempted" },
        });
        const isOver = async (): Promise<boolean> =>
          !(await squeue()).some((line) => /PENDING|RUNNING/.test(line));
        if (faults("").SQUEUE_FAILS === undefined)
          // The global one knows only the test that began last.
          await ownExpect.poll(isOver).toBe(true);
        expect(ran()).toEqual(["0"]);
      },
      { options: ["--requeue"] },
    );
  });

  test("files that arrive after the job has left the queue are waited for, with all that was streamed", async () => {
    await withFaults(
      { LATE_MS: 1_000, FORGET_MS: 0 },
      async ({ executor, folder }) => {
        const turns: unknown[] = [];
        const script = `for (let step = 1; step <= 3; step++) console.log(JSON.stringify({ step }));`;
        const end = await runJob(
          executor,
          scriptJob(folder, script, { turnsFile: join(folder, "runs", "turns.jsonl") }),
          (turn) => turns.push(turn),
        );
        expect(end).toMatchObject({ outcome: "ok", data: { readings: { step: 3 } } });
        expect(turns).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
      },
      { fileWaitMs: 20_000 },
    );
  });

  test("more cells than the site's largest array go as several arrays", async () => {
    await withFaults({ MAX_ARRAY: 3 }, async ({ cells, squeue }) => {
      expect(outcomes(await cells(7))).toEqual(Array(7).fill("ok"));
      const ids = (await squeue()).map((line) => line.split(" ")[0]);
      expect(ids).toEqual(["1_0", "1_1", "1_2", "2_0", "2_1", "2_2", "3_0"]);
    });
  });

  test("the user's limit on arrays stands above the site's", async () => {
    await withFaults(
      {},
      async ({ cells, squeue }) => {
        await cells(4);
        expect((await squeue()).map((line) => line.split(" ")[0])).toEqual(["1_0", "1_1", "2_0", "2_1"]);
      },
      { arrayLimit: 2 },
    );
  });

  test("a site without arrays gets one job for each cell", async () => {
    await withFaults({ MAX_ARRAY: 0 }, async ({ cells, squeue }) => {
      const ends = await cells(2);
      expect(ends.map(({ evidence }) => evidence.slurmJob)).toEqual(["1000", "2000"]);
      expect((await squeue()).map((line) => line.split(" ")[0])).toEqual(["1", "2"]);
    });
  });

  test("cells that ask for different memory go as different arrays", async () => {
    await withFaults({}, async ({ executor, folder, squeue }) => {
      const job = (capMiB: number): CellJob =>
        scriptJob(folder, "console.log('{}')", { capBytes: capMiB * MIB });
      const ends = await runJobs(executor, [job(256), job(512), job(256)]);
      expect(outcomes(ends)).toEqual(["ok", "ok", "ok"]);
      expect(ends.map(({ evidence }) => evidence.slurmJob)).toEqual(["1_0", "2_0", "1_1"]);
      expect(await squeue()).toHaveLength(3);
    });
  });

  test("the proof that caps fire is made on the node and kept with the cell", async () => {
    await withFaults({}, async ({ cells }) => {
      const [end] = await cells(1, { capBytes: 256 * MIB });
      expect(end?.evidence.capProof).toMatch(/A cap of 128 MiB fired/);
    });
  });

  test("a refusal of the first cells is an error with Slurm's words", async () => {
    await withFaults({ SBATCH_FAILS: "9|invalid partition specified: nope" }, async ({ cells, squeue }) => {
      await expect(cells(2)).rejects.toMatchObject({
        code: "CELL_FAILED",
        message: expect.stringContaining("invalid partition specified: nope") as string,
      });
      expect(await squeue()).toEqual([]);
    });
  });

  test("cells wait for a controller that is away, and are submitted when it is back", async () => {
    const message = "Batch job submission failed: Unable to contact slurm controller (connect failure)";
    await withFaults({ SBATCH_FAILS: `2|${message}` }, async ({ cells, notices, squeue }) => {
      expect(outcomes(await cells(2))).toEqual(["ok", "ok"]);
      expect(notices.filter((notice) => notice.includes(message))).toHaveLength(1);
      expect(await squeue()).toHaveLength(2);
    });
  });

  test("a job that Slurm took although sbatch failed is found and not submitted twice", async () => {
    await withFaults({ SBATCH_UNSURE: 1 }, async ({ cells, ran, squeue }) => {
      expect(outcomes(await cells(2))).toEqual(["ok", "ok"]);
      expect(ran()).toEqual(["0", "1"]);
      expect(await squeue()).toHaveLength(2);
    });
  });

  test("results are collected from a Slurm that answers no question", async () => {
    await withFaults({ SQUEUE_FAILS: 1_000, START_DELAY_MS: 1_200 }, async ({ cells }) => {
      expect(outcomes(await cells(2))).toEqual(["ok", "ok"]);
    });
  });

  test("a cell that is stopped while it waits in the queue never runs", async () => {
    await withFaults({ START_DELAY_MS: 1_500 }, async ({ executor, folder, ran, squeue }) => {
      const script = `require("node:fs").appendFileSync("ran", "x\\n")`;
      const [one, two] = await executor.submit(
        [scriptJob(folder, script), scriptJob(folder, script)],
        () => ({}),
      );
      one?.stop("interrupted", "enough");
      expect(await one?.end).toMatchObject({ outcome: "interrupted", cause: "enough" });
      expect(await two?.end).toMatchObject({ outcome: "ok" });
      expect(ran()).toEqual(["x"]);
      expect(await squeue()).toEqual(["1_0 CANCELLED", "1_1 COMPLETED"]);
    });
  });

  test("a cell that somebody cancels in Slurm is interrupted and stays so", async () => {
    await withFaults({ START_DELAY_MS: 1_000 }, async ({ executor, folder, site }) => {
      const [running] = await executor.submit([scriptJob(folder, "0")], () => ({}));
      await run("scancel", ["1_0"], { env: site.env });
      const end = await running?.end;
      expect(end).toMatchObject({ outcome: "interrupted", evidence: { slurmEnd: "cancelled" } });
      expect(executor.settle?.(end as CellEnd, [])).toMatchObject({ again: false });
    });
  });
});

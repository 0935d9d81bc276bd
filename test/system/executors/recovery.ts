import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EndedRecord } from "../../../src/runner/journal/records.js";
import { readJournal } from "../../../src/runner/journal/read.js";
import { bytesper, inFolder, MAIN, ROOT, run } from "../cli.js";
import type { SlurmSite } from "../stand-in/slurm/site.js";

const PATIENCE = { timeout: 60_000, interval: 50 };

/** Cells 0 to 2 end at once; the others wait for a file `go`. Each leaves a mark that it ran. */
const GRID = `export default {
  name: "marks",
  unit: "cell",
  factors: { n: [0, 1, 2, 3, 4, 5] },
  caps: { time: "120 s" },
  command: ["sh", "-c", "echo {n} >> ran; while [ {n} -ge 3 ] && [ ! -e go ]; do sleep 0.05; done; echo '{\\"own\\": {n}}'"],
};
`;

/** A grid in a folder, with what can be seen of its runs. */
export interface Marks {
  folder: string;
  out: string;
  file: string;
  env: NodeJS.ProcessEnv;
  /** Lets the cells that wait go on. */
  go: () => void;
  /** The cells that ran, once for each time. */
  ran: () => number[];
  ends: () => EndedRecord[];
  starts: () => number;
}

export async function withMarks(site: SlurmSite, use: (marks: Marks) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const file = join(folder, "marks.experiment.mjs");
    const out = join(folder, "out");
    writeFileSync(file, GRID);
    const records = (): ReturnType<typeof readJournal>["records"] =>
      readJournal(join(out, "journal.jsonl")).records;
    await use({
      ...{ folder, out, file, env: site.env },
      go: () => {
        writeFileSync(join(folder, "go"), "");
      },
      ran: () =>
        existsSync(join(folder, "ran"))
          ? readFileSync(join(folder, "ran"), "utf8").trim().split("\n").map(Number).sort()
          : [],
      ends: () =>
        records().filter((record) =>
          ["finished", "failed", "interrupted"].includes(record.type),
        ) as EndedRecord[],
      starts: () => records().filter(({ type }) => type === "started").length,
    });
  });
}

export const SLURM_ARGS = ["--executor", "slurm", "--slurm-file-wait", "2s"];

/** Names in the folder of the first batch. */
export function batchFiles(out: string): string[] {
  const batch = firstBatch(out);
  return existsSync(batch) ? readdirSync(batch) : [];
}

/** Folder of the first batch of the only run. */
function firstBatch(out: string): string {
  const runs = join(out, "runs");
  const name = existsSync(runs) ? readdirSync(runs).find((each) => each.endsWith(".slurm")) : undefined;
  return join(runs, name ?? "none.slurm", "1");
}

function manifestText(out: string): string {
  const file = join(firstBatch(out), "manifest.json");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** What a run of Slurm survives: its runner's death, an interrupt, and code that only the nodes compile. */
export function recovery(name: string, open: () => Promise<SlurmSite>, missing?: string): void {
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name} (skipped: ${missing})`,
    () => {
      let site: SlurmSite;
      beforeAll(async () => {
        site = await open();
      }, 120_000);
      afterAll(async () => {
        await site.stop();
      }, 120_000);

      const queue = async (): Promise<string> => {
        const { stdout } = await run("squeue", ["--noheader", "--format=%i %T"], {
          env: { ...process.env, ...site.env },
        });
        return stdout
          .split("\n")
          .filter((line) => /PENDING|RUNNING/.test(line))
          .join();
      };

      test("after its runner was killed, ended cells are adopted, the others cancelled and run again", async () => {
        await withMarks(site, async ({ out, file, env, go, ran, ends }) => {
          const runner = spawn(process.execPath, [MAIN, "run", file, "--out", out, ...SLURM_ARGS], {
            env: { ...process.env, ...env },
            stdio: "ignore",
          });
          await expect.poll(() => batchFiles(out), PATIENCE).toContain("job");
          runner.kill("SIGSTOP");
          // It cannot take anything any more, as a runner that dies in this moment.
          const wanted = ["0.end.json", "1.end.json", "2.end.json", "3.claim", "4.claim"];
          await expect.poll(() => batchFiles(out), PATIENCE).toEqual(expect.arrayContaining(wanted));
          await expect.poll(ran, PATIENCE).toEqual(expect.arrayContaining([3, 4]));
          runner.kill("SIGKILL");
          await once(runner, "exit");
          const before = ends().length;
          const again = bytesper(["resume", out], { env });
          await expect.poll(() => ran().filter((n) => n === 3).length, PATIENCE).toBe(2);
          go();
          const { code, stderr } = await again;
          expect({ code, stderr }).toMatchObject({ code: 0 });
          expect(stderr).toContain("that the former runner had in Slurm");
          expect(ran().filter((n) => n < 3)).toEqual([0, 1, 2]);
          const adopted = ends().filter(({ end }) => end.evidence.adopted === true);
          expect(adopted).toHaveLength(3 - before);
          expect(adopted.every(({ attempt, end }) => attempt === 1 && end.outcome === "ok")).toBe(true);
          expect(ends().filter(({ end }) => end.outcome === "ok")).toHaveLength(6);
          expect(await queue()).toBe("");
        });
      });

      test("an interrupt cancels what waits and what runs, and a resume needs no options", async () => {
        await withMarks(site, async ({ out, file, env, go, ran, ends }) => {
          const args = ["run", file, "--out", out, ...SLURM_ARGS, "--slurm-option", "--comment=kept"];
          const runner = spawn(process.execPath, [MAIN, ...args], {
            env: { ...process.env, ...env },
            stdio: "ignore",
          });
          const exit = once(runner, "exit") as Promise<[number | null]>;
          await expect.poll(ran, PATIENCE).toContain(3);
          runner.kill("SIGINT");
          const [code] = await exit;
          expect(code).toBe(130);
          await expect.poll(queue, PATIENCE).toBe("");
          const done = ends().filter(({ end }) => end.outcome === "ok").length;
          expect(ends().filter(({ end }) => end.outcome === "interrupted").length).toBe(6 - done);
          expect((await bytesper(["resume", out, "--dry-run"], { env })).stdout).toContain(
            "#SBATCH --comment=kept",
          );
          go();
          expect((await bytesper(["resume", out], { env })).code).toBe(0);
          expect(ends().filter(({ end }) => end.outcome === "ok")).toHaveLength(6);
        });
      });

      test("subjects in TypeScript are measured on the nodes as on this machine", async () => {
        await inFolder(async (folder) => {
          const subject = join(ROOT, "test/fixtures/subjects/typed.ts");
          const file = join(folder, "typed.experiment.ts");
          writeFileSync(
            file,
            `export default { name: "typed", unit: "instance", factors: { n: [100, 200, 400] }, population: "n", subject: ${JSON.stringify(subject)} };`,
          );
          const perUnit = async (out: string, args: string[]): Promise<number> => {
            mkdirSync(out);
            const { code, stderr } = await bytesper(["run", file, "--out", out, "--trials", "2", ...args], {
              env: site.env,
            });
            expect({ code, stderr }).toMatchObject({ code: 0 });
            const result = JSON.parse(readFileSync(join(out, "typed/result.json"), "utf8")) as {
              fit: { perUnitBytes: { value: number } };
            };
            return result.fit.perUnitBytes.value;
          };
          const here = await perUnit(join(folder, "here"), []);
          const out = join(folder, "there");
          const run = perUnit(out, SLURM_ARGS);
          // The compiled module lies where every node sees it.
          await expect.poll(() => manifestText(out), PATIENCE).toContain(`"file://${out}/runs/`);
          const there = await run;
          expect(Math.abs(there / here - 1)).toBeLessThan(0.01);
          expect(
            readdirSync(join(folder, "there", "runs")).filter((each) => !each.endsWith(".jsonl")),
          ).toEqual([]);
        });
      });
    },
  );
}

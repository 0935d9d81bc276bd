import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeError, writeWhole } from "../../../base/write.js";
import type { CellJob, RunningCell } from "../../cell/execute.js";
import type { EnforcementKind } from "../../../record/cell.js";
import type { Executor } from "../executor.js";
import type { Manifest } from "./batch-folder.js";
import { batchNumbers, manifestPath } from "./batch-folder.js";
import { SlurmClient } from "./client.js";
import { Follower } from "./follower.js";
import { settleEnd } from "./lost.js";
import type { SlurmSettings } from "./settings.js";
import { SLURM_SLOTS } from "./settings.js";
import type { Batch } from "./submission.js";
import { batchesOf, describeRequest, submitScript } from "./submission.js";
import { SubmittedBatch } from "./submitted-batch.js";
import type { Timing } from "./timing.js";
import { TIMING } from "./timing.js";

export interface SlurmOptions {
  /** `DIR/runs/RUN.slurm`. Every node must see it under this path. */
  root: string;
  runId: string;
  settings: SlurmSettings;
  enforcement?: EnforcementKind;
  slots?: number;
  notice: (message: string) => void;
  /** Intervals that differ from the defaults. */
  timing?: Partial<Timing>;
  /** Environment of Slurm's programs; by default, that of this process. */
  env?: NodeJS.ProcessEnv;
}

const TASK = fileURLToPath(new URL("./task.js", import.meta.url));

/**
 * Runs cells as jobs of Slurm. Results come from files that the jobs write. Slurm itself is asked only if a
 * file is missing for long. Throws `USAGE` if Slurm's programs are missing.
 */
export async function slurmExecutor(options: SlurmOptions): Promise<Executor> {
  const { root, runId, settings, enforcement, notice } = options;
  const client = new SlurmClient(options.env);
  await client.requireSlurm();
  const arrayLimit = settings.arrayLimit ?? (await client.arrayLimit());
  const follower = new Follower(client, notice, {
    ...TIMING,
    ...(settings.fileWaitMs === undefined ? {} : waiting(settings.fileWaitMs)),
    ...options.timing,
  });
  let number = batchNumbers(root).at(-1) ?? 0;

  const prepare = ({ request, jobs }: Batch): SubmittedBatch => {
    number++;
    const name = jobName(runId, number);
    const folder = join(root, String(number));
    const script = submitScript({
      name,
      request,
      count: jobs.length,
      arrays: arrayLimit > 0,
      settings,
      command: [process.execPath, TASK, folder],
    });
    const manifest: Manifest = {
      schema: "bytesper/slurm-batch@1",
      name,
      node: process.versions.node,
      ...(enforcement === undefined ? {} : { enforcement }),
      jobs,
    };
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw writeError(folder, error);
    }
    writeWhole(manifestPath(folder), `${JSON.stringify(manifest)}\n`);
    writeWhole(join(folder, "submit.sh"), script);
    const what = `${jobs.length} ${jobs.length === 1 ? "cell" : "cells"} (each ${describeRequest(request)})`;
    return new SubmittedBatch({ folder, name, what, jobs, arrays: arrayLimit > 0 });
  };

  return {
    name: "slurm",
    slots: options.slots ?? SLURM_SLOTS,
    here: false,
    // No events are needed: whoever gave the job its file also reads the records from it.
    async submit(jobs: readonly CellJob[]): Promise<RunningCell[]> {
      const running = new Map<string, RunningCell>();
      for (const batch of batchesOf(jobs, arrayLimit)) {
        const prepared = prepare(batch);
        for (const [id, cell] of await follower.start(prepared)) running.set(id, cell);
      }
      return jobs.map(({ id }) => {
        const cell = running.get(id);
        if (cell === undefined) throw new Error(`cell ${id} is in no batch`);
        return cell;
      });
    },
    settle: settleEnd,
    close: () => follower.close(),
  };
}

/** If the wait for files is short, Slurm must be asked early. */
function waiting(fileWaitMs: number): Partial<Timing> {
  return { fileWaitMs, askFirstMs: Math.min(TIMING.askFirstMs, fileWaitMs) };
}

/** Name of a batch in Slurm. A batch is found by it if its id was never received. */
export function jobName(runId: string, batch: number): string {
  return `bytesper-${runId}-${batch}`;
}

export { TASK as SLURM_TASK };

import { join } from "node:path";
import { SlurmClient } from "./client.js";
import { jobName, SLURM_TASK } from "./executor.js";
import { slurmRoot } from "./adopt.js";
import type { SlurmSettings } from "./settings.js";
import type { Asking } from "./submission.js";
import { batchesOf, submitScript } from "./submission.js";

/** Placeholder for the name of the run. */
const RUN = "RUN";

/** The scripts that sbatch would get, one for each array. Submits nothing. */
export async function previewScripts(
  cells: readonly Asking[],
  settings: SlurmSettings,
  out: string,
): Promise<string[]> {
  const limit = settings.arrayLimit ?? (await new SlurmClient().arrayLimit());
  return batchesOf(cells, limit).map(({ request, jobs }, index) =>
    submitScript({
      name: jobName(RUN, index + 1),
      request,
      count: jobs.length,
      arrays: limit > 0,
      settings,
      command: [process.execPath, SLURM_TASK, join(slurmRoot(out, RUN), String(index + 1))],
    }),
  );
}

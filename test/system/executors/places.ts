import { join } from "node:path";
import type { Executor } from "../../../src/runner/executor/executor.js";
import type * as LocalModule from "../../../src/runner/executor/local.js";
import type * as SlurmModule from "../../../src/runner/executor/slurm/executor.js";
import type { SlurmSettings } from "../../../src/runner/executor/slurm/settings.js";
import type { Timing } from "../../../src/runner/executor/slurm/timing.js";
import type * as LimitsModule from "../../../src/runner/limits/index.js";
import { ROOT } from "../cli.js";
import type { SlurmSite } from "../stand-in/slurm/site.js";
import type { ExecutorSite } from "./conformance.js";

// The built modules: jobs are run by Node itself, which reads no TypeScript.
const built = (path: string): Promise<unknown> => import(join(ROOT, "dist/runner", path));

/** Looks and questions in quick succession. */
const QUICK: Partial<Timing> = { lookMs: 50, askFirstMs: 500, askMostMs: 2_000, submitAgainMs: 300 };

export async function localSite(): Promise<ExecutorSite> {
  const { localExecutor } = (await built("executor/local.js")) as typeof LocalModule;
  const { chooseEnforcement } = (await built("limits/index.js")) as typeof LimitsModule;
  const { enforcement } = await chooseEnforcement({});
  return {
    executor: () => Promise.resolve(localExecutor(enforcement, 4)),
    args: [],
    env: {},
    stop: () => Promise.resolve(),
  };
}

export function slurmSite(site: SlurmSite): ExecutorSite {
  return {
    executor: (folder) => slurmAt(site, folder),
    args: ["--executor", "slurm"],
    env: site.env,
    stop: site.stop,
  };
}

/** An executor whose Slurm is the given site. */
export async function slurmAt(
  { env }: SlurmSite,
  folder: string,
  settings: Partial<SlurmSettings> = {},
  notices: string[] = [],
): Promise<Executor> {
  const { slurmExecutor } = (await built("executor/slurm/executor.js")) as typeof SlurmModule;
  return slurmExecutor({
    root: join(folder, "runs", "test.slurm"),
    runId: `test-${process.pid}-${++runs}`,
    settings: { options: [], fileWaitMs: 2_000, ...settings },
    notice: (message) => notices.push(message),
    timing: QUICK,
    env: { ...process.env, ...env },
  });
}

let runs = 0;

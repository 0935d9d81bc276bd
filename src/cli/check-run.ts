import { rmSync } from "node:fs";
import { temporaryFolder } from "../system/temporary.js";
import { BytesperError } from "../base/errors.js";
import type { Result } from "../record/schema.js";
import { commonSettings } from "../runner/common-options.js";
import { GRID_DEFAULTS } from "../runner/defaults.js";
import type { RunRequest } from "../runner/engine/request.js";
import { Progress } from "./progress.js";
import { printMessage } from "./print.js";

export interface BudgetedExperiment {
  name: string;
  /** The name of a shipped experiment, or a file. */
  source: RunRequest["experiments"][number];
  quick: boolean;
}

export interface BudgetRun {
  trials: number;
  seed: number;
  conversations?: string;
  signal: AbortSignal;
  /** Modules that each measured process loads first. */
  imports: readonly string[];
  /** Whether an earlier calibration does not count. */
  recalibrate: boolean;
  /** Folder for the results; by default, a temporary one. */
  out?: string;
}

/** Measures experiments in new processes. Throws the error of the first one that could not be measured. */
export async function measureAll(
  experiments: readonly BudgetedExperiment[],
  options: BudgetRun,
): Promise<Map<string, Result>> {
  const { runGrid } = await import("../runner/engine/run.js");
  const results = new Map<string, Result>();
  const progress = new Progress();
  const out = options.out ?? temporaryFolder("check");
  try {
    for (const quick of [true, false]) {
      const own = experiments.filter((each) => each.quick === quick);
      if (own.length === 0) continue;
      const outcome = await runGrid({
        request: requestOf(own, quick, options),
        out,
        command: "run",
        retry: [],
        signal: options.signal,
        stopAtSubjectError: true,
        // Nobody looks at the pages of a folder that is removed.
        pages: options.out !== undefined,
        events: {
          progress: (finished, total, label, left) => {
            progress.update(finished, total, label, left);
          },
          step: (what) => progress.step(what),
          notice: (message) => {
            progress.clear();
            printMessage(message);
          },
          finished: () => undefined,
        },
      });
      progress.clear();
      if (outcome.failure !== undefined) throw outcome.failure;
      if (options.out !== undefined && outcome.writeError !== undefined) throw outcome.writeError;
      for (const result of outcome.results) results.set(result.experiment, result);
      if (outcome.interrupted) throw new BytesperError("INTERRUPTED", "Interrupted; no budget was judged.");
    }
  } finally {
    progress.clear();
    if (options.out === undefined) rmSync(out, { recursive: true, force: true });
  }
  return results;
}

function requestOf(
  experiments: readonly BudgetedExperiment[],
  quick: boolean,
  { trials, seed, conversations, imports, recalibrate }: BudgetRun,
): RunRequest {
  return {
    experiments: experiments.map(({ source }) => source),
    quick,
    minimal: false,
    only: [],
    filter: {},
    ...commonSettings(
      { trials, seed, imports, recalibrate, ...(conversations === undefined ? {} : { conversations }) },
      GRID_DEFAULTS,
    ),
    device: "auto",
    executor: "local",
    moreMemory: 1,
  };
}

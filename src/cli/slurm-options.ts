import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import { parseDuration } from "../base/duration.js";
import { BytesperError } from "../base/errors.js";
import type { RunRequest } from "../runner/engine/request.js";
import type { RunState } from "../runner/engine/state.js";
import type { Outcome } from "../record/cell-end.js";
import { parseSlurmOption } from "../runner/executor/slurm/settings.js";
import { wholeNumber } from "./options.js";

export interface ExecutorFlags {
  executor: "local" | "slurm";
  slurmPartition?: string;
  slurmAccount?: string;
  slurmOption: string[];
  slurmArrayLimit?: number;
  slurmFileWait?: number;
}

export function addExecutorOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--executor <name>", "where cells run: on this machine, or as jobs of Slurm")
        .choices(["local", "slurm"])
        .default("local"),
    )
    .option("--slurm-partition <name>", "partition of the jobs", word)
    .option("--slurm-account <name>", "account of the jobs", word)
    .option("--slurm-option <option>", 'an option for sbatch, such as "--qos=long"; may be repeated', raw, [])
    .option("--slurm-array-limit <n>", "most cells of a job array (default: the site's)", wholeNumber(0))
    .option("--slurm-file-wait <time>", "wait for files of a job that is gone (default: 90s)", time);
}

/**
 * The part of the request that says where cells run. Throws `USAGE` for an option that belongs to another
 * executor.
 */
export function executorRequest(flags: ExecutorFlags): Pick<RunRequest, "executor" | "slurm"> {
  const { executor, slurmPartition, slurmAccount, slurmOption, slurmArrayLimit, slurmFileWait } = flags;
  const slurm = {
    ...(slurmPartition === undefined ? {} : { partition: slurmPartition }),
    ...(slurmAccount === undefined ? {} : { account: slurmAccount }),
    options: slurmOption,
    ...(slurmArrayLimit === undefined ? {} : { arrayLimit: slurmArrayLimit }),
    ...(slurmFileWait === undefined ? {} : { fileWaitMs: slurmFileWait }),
  };
  if (executor === "slurm") return { executor, slurm };
  if (Object.keys(slurm).length > 1 || slurmOption.length > 0)
    throw new BytesperError(
      "USAGE",
      "Options for Slurm belong to --executor slurm; add it, or leave them out.",
    );
  return { executor };
}

/** Prints the scripts that sbatch would get for the cells that would run. */
export async function printScripts(
  request: RunRequest,
  options: { out: string; retry: readonly Outcome[]; state?: RunState },
): Promise<void> {
  const [{ openGrid }, { planOf }, { previewScripts }] = await Promise.all([
    import("../runner/engine/run.js"),
    import("../runner/engine/need.js"),
    import("../runner/executor/slurm/preview.js"),
  ]);
  const grid = await openGrid(request, { notice: () => undefined });
  try {
    const cells = grid.experiments.flatMap((each) => each.cells);
    const entries = planOf(cells, options.state, options.retry);
    const wanted = entries.flatMap(({ cell, run }) => (run ? [cell] : []));
    const settings = request.slurm ?? { options: [] };
    for (const script of await previewScripts(wanted, settings, resolve(options.out)))
      process.stdout.write(`\n${script}`);
  } finally {
    grid.dispose();
  }
}

function word(text: string): string {
  if (/^[^\s"'\\]+$/.test(text)) return text;
  throw new InvalidArgumentError("Expected one word without quotes.");
}

function raw(text: string, before: readonly string[]): string[] {
  try {
    return [...before, parseSlurmOption(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function time(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { durationText, parseDuration } from "../base/duration.js";
import { BytesperError } from "../base/errors.js";
import { GRID_DEFAULTS } from "../runner/defaults.js";
import type { RunRequest } from "../runner/engine/request.js";
import { fileRequest } from "../runner/grid-request.js";
import type { EnforcementKind } from "../record/cell.js";
import { ENFORCEMENT_KINDS } from "../record/cell.js";
import type { MeasuringFlags } from "./options.js";
import {
  addMeasuringOptions,
  interruptSignal,
  list,
  measuringOptions,
  size,
  wholeNumber,
} from "./options.js";
import type { ExecutorFlags } from "./slurm-options.js";
import { addExecutorOptions, executorRequest, printScripts } from "./slurm-options.js";

interface Flags extends ExecutorFlags, MeasuringFlags {
  out: string;
  minimal?: boolean;
  only?: string[];
  filter: Record<string, string[]>;
  slots?: number;
  dryRun?: boolean;
  detach?: boolean;
  replace?: boolean;
  verbose?: boolean;
  supervise?: boolean;
  chaos?: boolean;
  kills: number;
  json?: boolean;
  jit?: boolean;
  conversations?: string;
  device: string;
  deviceCap?: number;
  trials?: number;
  seed: number;
  timeout: number;
  enforcement?: EnforcementKind;
  softMemory?: number;
  hardMemory?: number;
  diskReserve?: number;
}

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("run the grids of experiment files, in processes with limits; a journal keeps every cell")
    .argument("<files...>", "experiment files")
    .option("--out <dir>", "folder of the results", GRID_DEFAULTS.out)
    .option("--minimal", "only the first level of each factor")
    .option("--only <names>", "only these experiments, commas between them", list)
    .option(
      "--filter <factor=levels>",
      "only these levels, such as sessions=1,5; may be repeated",
      filter,
      {},
    )
    .option("--replace", "let a result of fewer cells replace a fuller one in the folder")
    .option("--verbose", "print the tables of each experiment too")
    .option("--slots <n>", "cells at once (default: as many as cores, 4 at most)", wholeNumber(1))
    .option("--dry-run", "print the plan with its reasons, and run nothing")
    .option("--json", "with --dry-run, print JSON")
    .option("--detach", "go on in the background: survives a closed terminal; see bytesper status")
    .option("--supervise", "start the runner again if it dies, and go on from its journal")
    .option(
      "--chaos",
      "run the grid in a temporary folder, undisturbed and under kills and a full disk, and compare the tables",
    )
    .option("--kills <n>", "with --chaos, how often the runner is killed for each fault", wholeNumber(1), 5)
    .option("--jit", "leave the optimising compilers on in measured populations")
    .option("--conversations <file>", "take messages from a file with one conversation a line")
    .option(
      "--device <name>",
      "where device memory is taken: auto, cpu, cuda or cuda:N",
      GRID_DEFAULTS.device,
    )
    .option("--device-cap <size>", "most device memory, such as 14.74GiB", size)
    .option(
      "--trials <n>",
      `repetitions of each cell, each in a fresh process (default: those of the experiment, else ${GRID_DEFAULTS.trials}, and 1 for commands)`,
      wholeNumber(1),
    )
    .option("--seed <n>", "seed of everything random", wholeNumber(0), GRID_DEFAULTS.seed)
    .addOption(
      new Option("--timeout <time>", "wall time of a cell without a cap of its own")
        .argParser(duration)
        .default(GRID_DEFAULTS.timeoutMs, durationText(GRID_DEFAULTS.timeoutMs)),
    )
    .addOption(
      new Option(
        "--enforcement <kind>",
        "how caps on memory are enforced (default: the best that works)",
      ).choices(ENFORCEMENT_KINDS),
    )
    .option(
      "--soft-memory <percent>",
      "start no cell with less of the host's memory left (default: 10%)",
      share,
    )
    .option("--hard-memory <percent>", "end the youngest cell with less left (default: 4%)", share)
    .option("--disk-reserve <size>", "start no cell with less disk left (default: 256MiB)", size);
  addExecutorOptions(addMeasuringOptions(command)).action(async (files: string[], flags: Flags) => {
    const request = requestOf(files, flags);
    if (flags.dryRun === true) {
      const { printPlan } = await import("./plan-output.js");
      await printPlan(request, { out: flags.out, json: flags.json === true, retry: [] });
      if (request.executor === "slurm" && flags.json !== true)
        await printScripts(request, { out: flags.out, retry: [] });
      return;
    }
    if (flags.json === true)
      throw new BytesperError("USAGE", "--json belongs to --dry-run; results are files.");
    if (flags.chaos === true) {
      const { runUnderFaults } = await import("./chaos.js");
      return runUnderFaults(request, flags.kills);
    }
    if (flags.detach === true || flags.supervise === true) {
      const { argumentsWithout, detach, supervise } = await import("./background.js");
      if (flags.detach === true) return detach(argumentsWithout("--detach"), flags.out);
      const { doneIn } = await import("../runner/engine/status.js");
      return supervise(argumentsWithout("--supervise"), doneIn);
    }
    const [{ newRun }, { RunOutput }] = await Promise.all([
      import("../runner/run-grid.js"),
      import("./run-output.js"),
    ]);
    const output = new RunOutput(flags.verbose === true);
    const outcome = await newRun(request, {
      out: flags.out,
      signal: interruptSignal(),
      events: output.events,
    });
    output.end(outcome, flags.out);
  });
}

function requestOf(files: readonly string[], flags: Flags): RunRequest {
  return fileRequest(files, {
    minimal: flags.minimal === true,
    only: flags.only ?? [],
    ...(flags.replace === undefined ? {} : { replace: flags.replace }),
    filter: flags.filter,
    compilers: flags.jit === true ? "on" : "off",
    ...(flags.conversations === undefined ? {} : { conversations: flags.conversations }),
    device: flags.device,
    ...(flags.deviceCap === undefined ? {} : { deviceCapBytes: flags.deviceCap }),
    ...(flags.trials === undefined ? {} : { trials: flags.trials }),
    seed: flags.seed,
    timeoutMs: flags.timeout,
    ...measuringOptions(flags),
    ...(flags.slots === undefined ? {} : { slots: flags.slots }),
    ...(flags.enforcement === undefined ? {} : { enforcement: flags.enforcement }),
    ...executorRequest(flags),
    admission: {
      ...(flags.softMemory === undefined ? {} : { softShare: flags.softMemory }),
      ...(flags.hardMemory === undefined ? {} : { hardShare: flags.hardMemory }),
      ...(flags.diskReserve === undefined ? {} : { diskReserveBytes: flags.diskReserve }),
    },
  });
}

function share(text: string): number {
  const value = Number(text.replace(/%$/, "")) / 100;
  if (Number.isFinite(value) && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a percentage from 0 to below 100, such as 10%.");
}

function filter(text: string, before: Record<string, string[]>): Record<string, string[]> {
  const [, name = "", levels = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === "") throw new InvalidArgumentError("Expected FACTOR=LEVEL,LEVEL, such as sessions=1,5.");
  return { ...before, [name]: [...(before[name] ?? []), ...levels.split(",")] };
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

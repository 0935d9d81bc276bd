import type { Command } from "commander";
import { GRID_DEFAULTS, QUICK_OUT } from "../runner/defaults.js";
import type { MeasuringFlags } from "./options.js";
import {
  addMeasuringOptions,
  interruptSignal,
  measuringOptions,
  size,
  trialCount,
  wholeNumber,
  wholeSeconds,
} from "./options.js";

interface Flags extends MeasuringFlags {
  list?: boolean;
  verbose?: boolean;
  quick?: boolean;
  replace?: boolean;
  jit?: boolean;
  out?: string;
  conversations?: string;
  subject?: string;
  device: string;
  deviceCap?: number;
  trials: number;
  seed: number;
  timeout: number;
}

export function addProfile(program: Command): void {
  const command = program
    .command("profile")
    .description("run the experiments and write their tables")
    .argument("[experiments...]", "names of experiments; all when none is named")
    .option("--list", "print the experiments with their questions, and run nothing")
    .option("--quick", "smaller populations")
    .option("--jit", "leave the optimising compilers on")
    .option("--conversations <file>", "take messages from a file with one conversation a line")
    .option("--subject <file>", "measure this class in instance-overhead (FILE or FILE#export)")
    .option(
      "--device <name>",
      "where device memory is taken: auto, cpu, cuda or cuda:N",
      GRID_DEFAULTS.device,
    )
    .option("--device-cap <size>", "most device memory, such as 14.74GiB", size)
    .option(
      "--out <dir>",
      `folder of the results (default: ${GRID_DEFAULTS.out}, and ${QUICK_OUT} with --quick)`,
    )
    .option("--verbose", "print the tables of each experiment too")
    .option("--replace", "let a result of --quick replace a fuller one in the folder")
    .option("--trials <n>", "fresh processes for each cell", trialCount, GRID_DEFAULTS.trials)
    .option(
      "--seed <n>",
      "seed of generated conversations and of the order of cells",
      wholeNumber(0),
      GRID_DEFAULTS.seed,
    )
    .option("--timeout <seconds>", "wall time of one cell", wholeSeconds, GRID_DEFAULTS.timeoutMs / 1000);
  addMeasuringOptions(command).action(async (names: string[], flags: Flags) => {
    if (flags.list === true) {
      const { printExperiments } = await import("./profile-list.js");
      return printExperiments();
    }
    const [{ newRun }, { shippedRequest }, { RunOutput }] = await Promise.all([
      import("../runner/run-grid.js"),
      import("../runner/grid-request.js"),
      import("./run-output.js"),
    ]);
    const request = shippedRequest({
      experiments: names,
      quick: flags.quick === true,
      ...(flags.replace === undefined ? {} : { replace: flags.replace }),
      compilers: flags.jit === true ? "on" : "off",
      ...(flags.conversations === undefined ? {} : { conversations: flags.conversations }),
      ...(flags.subject === undefined ? {} : { subject: flags.subject }),
      device: flags.device,
      ...(flags.deviceCap === undefined ? {} : { deviceCapBytes: flags.deviceCap }),
      trials: flags.trials,
      seed: flags.seed,
      timeoutMs: flags.timeout * 1000,
      ...measuringOptions(flags),
    });
    const out = flags.out ?? (flags.quick === true ? QUICK_OUT : GRID_DEFAULTS.out);
    const output = new RunOutput(flags.verbose === true);
    const outcome = await newRun(request, {
      out,
      signal: interruptSignal(),
      events: output.events,
    });
    output.end(outcome, out);
  });
}

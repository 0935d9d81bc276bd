import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import { MEASURE_DEFAULTS } from "../runner/defaults.js";
import { printFits } from "./fits.js";
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
import { Progress } from "./progress.js";
import { printAnswer } from "./print.js";

interface Flags extends MeasuringFlags {
  json?: boolean;
  verbose?: boolean;
  quiet?: boolean;
  jit?: boolean;
  snapshot: boolean;
  countShared?: boolean;
  instances?: number;
  trials: number;
  seed: number;
  timeout: number;
  conversations?: string;
  fits?: boolean;
  memory?: number;
}

export function addMeasure(program: Command): void {
  const command = program
    .command("measure")
    .description("bytes per instance of one subject, with interval, fixed cost, cross-check and breakdown")
    .argument(
      "<subject>",
      "a JavaScript or TypeScript file that exports create(index), or FILE#export for a class or function",
    )
    .option("--json", "print the whole result as JSON")
    .option("--verbose", "print every figure, and how it was read")
    .option("--quiet", "print the bytes of one instance and nothing else")
    .option("--fits", "search how many instances a process holds in --memory instead, as bytesper fits does")
    .option("--memory <size>", "with --fits, memory of the container, such as 2GiB", size)
    .option("--jit", "leave the optimising compilers on")
    .option("--no-snapshot", "leave out the cross-check by heap snapshot")
    .option(
      "--count-shared",
      "divide what the instances refer to and do not hold alone among them, and count it",
    )
    .option(
      "--instances <n>",
      "instances of the largest population (default: chosen by a pilot)",
      wholeNumber(2),
    )
    .option("--trials <n>", "fresh processes", trialCount, MEASURE_DEFAULTS.trials)
    .option("--seed <n>", "seed of the order of readings", wholeNumber(0), MEASURE_DEFAULTS.seed)
    .option(
      "--timeout <seconds>",
      "wall time of one process",
      wholeSeconds,
      MEASURE_DEFAULTS.timeoutMs / 1000,
    )
    .option("--conversations <file>", "a conversations file for the subject's context");
  addMeasuringOptions(command).action(async (subject: string, flags: Flags) => {
    if (flags.fits === true) {
      if (flags.memory === undefined)
        throw new BytesperError("USAGE", "--fits needs the memory of the container, such as --memory 2GiB.");
      return printFits(subject, { ...flags, memory: flags.memory, next: true });
    }
    if (flags.memory !== undefined)
      throw new BytesperError("USAGE", "--memory belongs to --fits; give both, or leave it out.");
    // Loaded only by this command, so that all other commands start quickly.
    const [{ measureSubject }, { bareNumber, measureAnswer }] = await Promise.all([
      import("../runner/measure-subject.js"),
      import("../report/measure-page.js"),
    ]);
    const progress = new Progress();
    const result = await measureSubject(subject, {
      compilers: flags.jit === true ? "on" : "off",
      snapshot: flags.snapshot,
      countShared: flags.countShared === true,
      trials: flags.trials,
      seed: flags.seed,
      timeoutMs: flags.timeout * 1000,
      ...measuringOptions(flags),
      signal: interruptSignal(),
      onMessage: ({ cells }) => {
        if (cells !== undefined) progress.update(cells.finished, cells.total, cells.label, cells.left);
      },
      ...(flags.instances === undefined ? {} : { instances: flags.instances }),
      ...(flags.conversations === undefined ? {} : { conversations: flags.conversations }),
    });
    progress.clear();
    printAnswer(flags, result, () => measureAnswer(result, subject), bareNumber(result));
  });
}

import { BytesperError } from "../base/errors.js";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { FitsOptions } from "../runner/fits/fits.js";
import { interruptSignal, size, wholeNumber, wholeSeconds } from "./options.js";
import { Progress } from "./progress.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";

export interface FitsFlags extends AnswerFlags {
  memory: number;
  nodeOptions?: string;
  churn?: number;
  grow?: number;
  safety?: number;
  next: boolean;
  seed: number;
  timeout: number;
  conversations?: string;
  import: string[];
}

export function addFits(program: Command): void {
  program
    .command("fits")
    .description(
      "how many instances one process holds in a container: searched with real processes, with the wall that stops them",
    )
    .argument(
      "<subject>",
      "a JavaScript or TypeScript file that exports create(index), or FILE#export for a class or function",
    )
    .requiredOption("--memory <size>", "memory of the container, such as 2GiB", size)
    .option("--node-options <options>", 'options of Node, such as "--max-old-space-size=1800"')
    .option(
      "--churn <share>",
      "when all are made, replace this share of them in each of ten rounds, such as 10%",
      share,
    )
    .option("--grow <turns>", "turns that each instance takes through the subject's use()", wholeNumber(1))
    .option(
      "--safety <share>",
      "share of the largest population to keep free in the advice, such as 10%",
      share,
    )
    .option("--no-next", "leave out what fits when the first wall is moved")
    .option("--seed <n>", "seed of the subject's context", wholeNumber(0), 1)
    .option("--timeout <seconds>", "wall time of one process", wholeSeconds, 600)
    .option("--conversations <file>", "a conversations file for the subject's context")
    .option(
      "--import <module>",
      "load this module first in each process, such as a loader of your own; may be repeated",
      (module: string, before: string[]) => [...before, module],
      [],
    )
    .option("--verbose", "print the runs that lived and died too")
    .option("--quiet", "print how many fit and nothing else")
    .option("--json", "print the whole answer as JSON")
    .action(printFits);
}

/** Searches and prints; also what `measure --fits` does. */
export async function printFits(subject: string, flags: FitsFlags): Promise<void> {
  if (flags.memory < 2 ** 20)
    throw new BytesperError(
      "USAGE",
      `No process lives in the ${flags.memory.toLocaleString("en-US")} B of --memory; give a size with its unit, such as 2GiB.`,
    );
  const [{ fits }, { fitsAnswer }] = await Promise.all([
    import("../runner/fits/fits.js"),
    import("../report/fits-page.js"),
  ]);
  const progress = new Progress();
  const { nodeOptions, churn, grow, safety, conversations } = flags;
  const options: FitsOptions = {
    memoryBytes: flags.memory,
    next: flags.next,
    seed: flags.seed,
    timeoutMs: flags.timeout * 1000,
    imports: flags.import,
    signal: interruptSignal(),
    progress: (message) => {
      progress.state(message);
    },
    ...(nodeOptions === undefined ? {} : { nodeOptions: nodeOptions.split(/\s+/).filter(Boolean) }),
    ...(churn === undefined ? {} : { churn }),
    ...(grow === undefined ? {} : { turns: grow }),
    ...(safety === undefined ? {} : { safety }),
    ...(conversations === undefined ? {} : { conversations }),
  };
  const found = await fits(subject, options);
  progress.clear();
  const number = found.measured ? (found.lives ?? 0) : { absent: found.reason ?? "it was not measured" };
  printAnswer(flags, found, () => fitsAnswer(found), number);
}

/** Parses `10%` or `0.1` to a share from 0 to 1, for commander. */
function share(text: string): number {
  const [, digits, sign] = /^\s*(\d+(?:\.\d+)?)\s*(%)?\s*$/.exec(text) ?? [];
  const value = digits === undefined ? Number.NaN : Number(digits) / (sign === undefined ? 1 : 100);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError(`"${text}" is not a share above 0 % and below 100 %; give one such as 10%.`);
}

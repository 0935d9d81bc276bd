import type { Command } from "commander";
import { interruptSignal, trialCount, wholeNumber, wholeSeconds } from "./options.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";
import { Progress } from "./progress.js";

interface Flags extends AnswerFlags {
  jit?: boolean;
  calls?: number;
  trials: number;
  time: number;
  timeout: number;
  import: string[];
}

export function addGrowth(program: Command): void {
  program
    .command("growth")
    .description(
      "bytes that each call of a function or handler leaves behind and allocates, and who holds them",
    )
    .argument(
      "<subject>",
      "a JavaScript or TypeScript file whose default export is the function, or FILE#export",
    )
    .option("--calls <n>", "calls of the first round; all rounds make 32 times as many", wholeNumber(8))
    .option("--time <seconds>", "time for all calls of one process, which chooses --calls", wholeSeconds, 4)
    .option("--trials <n>", "fresh processes", trialCount, 3)
    .option("--timeout <seconds>", "wall time of one process", wholeSeconds, 120)
    .option("--jit", "leave the optimising compilers on")
    .option(
      "--import <module>",
      "load this module first in each measured process; may be repeated",
      (module: string, before: string[]) => [...before, module],
      [],
    )
    .option("--verbose", "print every reading, and who holds what is new, too")
    .option("--quiet", "print the bytes that a call keeps and nothing else")
    .option("--json", "print everything as JSON, unrounded")
    .action(async (subject: string, flags: Flags) => {
      const { growthAnswer, measureGrowth } = await import("../inspect/growth/index.js");
      const progress = new Progress();
      const answer = await measureGrowth(subject, {
        trials: flags.trials,
        budgetMs: flags.time * 1000,
        timeoutMs: flags.timeout * 1000,
        compilers: flags.jit === true ? "on" : "off",
        imports: flags.import,
        signal: interruptSignal(),
        progress: (finished, total, label) => {
          progress.update(finished, total, label);
        },
        ...(flags.calls === undefined ? {} : { calls: flags.calls }),
      });
      progress.clear();
      const kept = answer.retainedPerCallBytes;
      printAnswer(flags, answer, () => growthAnswer(answer), kept.value);
    });
}

import type { Command } from "commander";
import { interruptSignal, trialCount, wholeSeconds } from "./options.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";
import { Progress } from "./progress.js";

interface Flags extends AnswerFlags {
  trials: number;
  timeout: number;
}

export function addImport(program: Command): void {
  program
    .command("import")
    .description("bytes and time that importing a module costs, by package")
    .argument("<module>", "a package as this folder resolves it, or a JavaScript or TypeScript file")
    .option("--trials <n>", "fresh processes", trialCount, 5)
    .option("--timeout <seconds>", "wall time of one process", wholeSeconds, 60)
    .option("--verbose", "print every reading, and the packages, too")
    .option("--quiet", "print the bytes of V8's memory and nothing else")
    .option("--json", "print everything as JSON, unrounded")
    .action(async (module: string, flags: Flags) => {
      const { importAnswer, measureImport } = await import("../inspect/import/index.js");
      const progress = new Progress();
      const answer = await measureImport(module, {
        trials: flags.trials,
        timeoutMs: flags.timeout * 1000,
        signal: interruptSignal(),
        progress: (finished, total, label) => {
          progress.update(finished, total, label);
        },
      });
      progress.clear();
      printAnswer(
        flags,
        answer,
        () => importAnswer(answer),
        answer.heapBytes.value + answer.externalBytes.value,
      );
    });
}

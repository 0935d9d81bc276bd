import type { Command } from "commander";
import { interruptSignal, trialCount, wholeSeconds } from "./options.js";
import { Progress } from "./progress.js";

interface Flags {
  json?: boolean;
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
    .option("--json", "print everything as JSON, unrounded")
    .action(async (module: string, flags: Flags) => {
      const { importText, measureImport } = await import("../inspect/import/index.js");
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
      process.stdout.write(flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : importText(answer));
    });
}

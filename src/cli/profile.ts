import type { Command } from "commander";
import { join, relative } from "node:path";
import { interruptSignal, size, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";

interface Flags {
  quick?: boolean;
  jit?: boolean;
  out: string;
  conversations?: string;
  subject?: string;
  device: string;
  deviceCap?: number;
  trials: number;
  seed: number;
  timeout: number;
}

export function addProfile(program: Command): void {
  program
    .command("profile")
    .description("run the experiments and write their tables")
    .argument("[experiments...]", "names of experiments; all when none is named")
    .option("--quick", "smaller populations")
    .option("--jit", "leave the optimising compilers on")
    .option("--conversations <file>", "take messages from a file with one conversation a line")
    .option("--subject <file>", "measure this class in instance-overhead (FILE or FILE#export)")
    .option("--device <name>", "where device memory is taken: auto, cpu, cuda or cuda:N", "auto")
    .option("--device-cap <size>", "most device memory, such as 14.74GiB", size)
    .option("--out <dir>", "folder of the results", "results")
    .option("--trials <n>", "fresh processes for each cell", wholeNumber(1), 5)
    .option("--seed <n>", "seed of generated conversations and of the order of cells", wholeNumber(0), 1)
    .option("--timeout <seconds>", "wall time of one cell", wholeNumber(1), 600)
    .action(async (names: string[], flags: Flags) => {
      const [{ profile }, { resultDigest, resultPage }] = await Promise.all([
        import("../run/profile.js"),
        import("../report/page.js"),
      ]);
      const progress = new Progress();
      const outcome = await profile({
        names,
        out: flags.out,
        device: flags.device,
        ...(flags.deviceCap === undefined ? {} : { deviceCapBytes: flags.deviceCap }),
        quick: flags.quick === true,
        compilers: flags.jit === true ? "on" : "off",
        trials: flags.trials,
        seed: flags.seed,
        timeoutMs: flags.timeout * 1000,
        signal: interruptSignal(),
        ...(flags.conversations === undefined ? {} : { conversations: flags.conversations }),
        ...(flags.subject === undefined ? {} : { subject: flags.subject }),
        events: {
          progress: (finished, total, label) => {
            progress.update(finished, total, label);
          },
          notice: (message) => {
            progress.clear();
            process.stderr.write(`${message}\n`);
          },
          finished: (result, folder) => {
            progress.clear();
            const name = result.complete ? "result" : "partial";
            const where = join(relative(process.cwd(), folder), `${name}.md`);
            process.stdout.write(`\n${resultDigest(result)}\n\nAll of it: ${where}\n`);
          },
        },
      });
      progress.clear();
      if (outcome.writeError !== undefined) {
        // What could not be written is printed: the user waited for it.
        for (const result of outcome.results) process.stdout.write(`\n${resultPage(result)}`);
        throw outcome.writeError;
      }
      if (outcome.failure !== undefined) throw outcome.failure;
      if (outcome.interrupted) {
        process.stderr.write(
          `Interrupted; ${outcome.results.length} of the experiments have tables, every finished cell is in ${flags.out}/journal.jsonl.\n`,
        );
        process.exitCode = 130;
      } else if (outcome.results.some(({ missing }) => missing.length > 0)) process.exitCode = 1;
    });
}

import type { Command } from "commander";
import { resolve } from "node:path";
import { BytesperError } from "../base/errors.js";
import { interruptSignal, size, wholeNumber } from "./options.js";

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
      const [{ runGrid }, { shippedExperiments }, { RunOutput }] = await Promise.all([
        import("../runner/engine/run.js"),
        import("../runner/engine/shipped.js"),
        import("./run-output.js"),
      ]);
      if (flags.subject !== undefined && names.join() !== "instance-overhead") {
        throw new BytesperError(
          "USAGE",
          "--subject belongs to one experiment: bytesper profile instance-overhead --subject FILE.",
        );
      }
      const output = new RunOutput();
      const outcome = await runGrid({
        request: {
          experiments: [...new Set(names.length === 0 ? shippedExperiments() : names)].map((file) => ({
            file,
            shipped: true,
          })),
          quick: flags.quick === true,
          minimal: false,
          only: [],
          filter: {},
          compilers: flags.jit === true ? "on" : "off",
          ...(flags.conversations === undefined ? {} : { conversations: resolve(flags.conversations) }),
          ...(flags.subject === undefined ? {} : { subject: flags.subject }),
          device: flags.device,
          ...(flags.deviceCap === undefined ? {} : { deviceCapBytes: flags.deviceCap }),
          trials: flags.trials,
          seed: flags.seed,
          timeoutMs: flags.timeout * 1000,
          executor: "local",
          moreMemory: 1,
        },
        out: flags.out,
        command: "run",
        retry: [],
        signal: interruptSignal(),
        stopAtSubjectError: true,
        events: output.events,
      });
      output.end(outcome, flags.out);
    });
}

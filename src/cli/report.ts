import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";

export function addReport(program: Command): void {
  program
    .command("report")
    .description("derive the tables of a run from its journal again")
    .argument("<run>", "folder of the results, or a journal in its runs/")
    .option("--out <dir>", "folder to write to (default: the run's own)")
    .option("--replace", "let it replace results there that are newer or have more cells")
    .option("--verbose", "print the tables of each experiment too")
    .action(async (run: string, flags: { out?: string; replace?: boolean; verbose?: boolean }) => {
      const [{ rebuild }, { RunOutput }] = await Promise.all([
        import("../runner/engine/rebuild.js"),
        import("./run-output.js"),
      ]);
      const output = new RunOutput(flags.verbose === true);
      const { results, out } = await rebuild(
        run,
        { to: flags.out, replace: flags.replace === true },
        output.events,
      );
      if (results.length === 0)
        throw new BytesperError(
          "BAD_JOURNAL",
          `No cell of the run in ${out} has ended yet; there is nothing to report.`,
        );
    });
}

import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import { printAnswer } from "./print.js";

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("progress, memory and time left of a run, from its journal alone")
    .argument("<run>", "folder of the results, or a journal in its runs/")
    .option("--verbose", "print every cell that runs, too")
    .option("--json", "print JSON")
    .action(async (run: string, flags: { json?: boolean; verbose?: boolean }) => {
      const [{ statusOf }, { journalOf }, { statusAnswer }] = await Promise.all([
        import("../runner/engine/status.js"),
        import("../runner/journal/journal.js"),
        import("./status-text.js"),
      ]);
      const { path } = journalOf(run);
      const status = statusOf(path);
      if (status === undefined)
        throw new BytesperError(
          "BAD_JOURNAL",
          `${path} holds no complete record; nothing was started, run it anew.`,
        );
      printAnswer(flags, status, () => statusAnswer(status));
    });
}

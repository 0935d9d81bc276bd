import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import { print } from "./print.js";

export function addStatus(program: Command): void {
  program
    .command("status")
    .description("progress, memory and time left of a run, from its journal alone")
    .argument("<run>", "folder of the results, or a journal in its runs/")
    .option("--json", "print JSON")
    .action(async (run: string, flags: { json?: boolean }) => {
      const [{ statusOf }, { journalOf }, { statusText }] = await Promise.all([
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
      if (flags.json === true) process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
      else print(statusText(status));
    });
}

import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";

interface Flags {
  rules: string;
  log?: string;
  state?: string;
  report?: string;
}

export function addGuard(program: Command): void {
  program
    .command("guard")
    .description("run a command under soft memory barriers that its loop can read; see docs/guard.md")
    .requiredOption("--rules <file.json>", "what to watch, and what to do about it")
    .option("--log <file>", "append the guard's lines to a file rather than to standard error")
    .option("--state <file>", "where the loop reads what it may do; told to it in BYTESPER_GUARD_STATE")
    .option("--report <file>", "where the program may write its own numbers; told in BYTESPER_GUARD_REPORT")
    .argument("<command...>", "after --: the command and its arguments")
    .action(async (command: string[], flags: Flags) => {
      const [file, ...args] = command;
      if (file === undefined || file === "")
        throw new BytesperError(
          "USAGE",
          "A command is missing; give it after --: bytesper guard --rules FILE -- COMMAND.",
        );
      const { guardLogger, readRulesFile, watchCommand } = await import("../guard/watch/index.js");
      const rules = readRulesFile(flags.rules);
      process.exitCode = await watchCommand({
        command: [file, ...args],
        rules,
        log: guardLogger(flags.log),
        stateFile: flags.state,
        reportFile: flags.report,
      });
    });
}

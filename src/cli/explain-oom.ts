import { basename } from "node:path";
import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";

interface Flags {
  model?: string;
  json?: boolean;
}

export function addExplainOom(program: Command): void {
  program
    .command("explain-oom")
    .description(
      "every out-of-memory report of a log: its figures, what happened, which tensor, what to change",
    )
    .argument("[log]", "a log, plain or gzip; - or nothing for standard input")
    .option("--model <config.json>", "config.json of the model, to name the tensors that have the size")
    .option("--json", "print JSON")
    .action(async (log: string | undefined, flags: Flags) => {
      if (log === undefined && process.stdin.isTTY)
        throw new BytesperError(
          "USAGE",
          "A log is missing; give the path of one, or pipe it in: bytesper explain-oom LOG.",
        );
      const [{ explain, explanationPage, openLog, scanLog }, { readModelFile }] = await Promise.all([
        import("../oom/index.js"),
        import("../model/index.js"),
      ]);
      // Read before the log, so that a wrong path fails before gigabytes are read.
      const given =
        flags.model === undefined
          ? undefined
          : { name: modelName(flags.model), shape: await readModelFile(flags.model) };
      const warn = (message: string): void => {
        process.stderr.write(`${message}\n`);
      };
      const scanned = await scanLog(await openLog(log ?? "-", warn));
      if (scanned.reports.length === 0) {
        if (flags.json === true) process.stdout.write(`${JSON.stringify({ reports: [] })}\n`);
        else process.stderr.write(`${logName(log)} holds no out-of-memory report.\n`);
        process.exitCode = 1;
        return;
      }
      const explanation = explain(scanned, given);
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify(explanation, null, 2)}\n`
          : `${explanationPage(explanation)}\n`,
      );
    });
}

/** "Qwen2.5-3B" for Qwen2.5-3B.json. For a config.json, the name of its folder. */
function modelName(path: string): string {
  const file = basename(path, ".json");
  return file === "config" ? basename(path.slice(0, -"/config.json".length)) || file : file;
}

function logName(log: string | undefined): string {
  return log === undefined || log === "-" ? "Standard input" : log;
}

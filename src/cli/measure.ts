import type { Command } from "commander";
import { mainTable } from "../report/main-table.js";
import type { Result } from "../report/schema.js";
import { breakdownTables, calibrationTable, estimateTables, fitTable, headline } from "../report/sections.js";
import { terminalTable } from "../report/terminal.js";
import { measure } from "../run/measure.js";
import { interruptSignal, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";

interface Flags {
  json?: boolean;
  jit?: boolean;
  snapshot: boolean;
  instances?: number;
  trials: number;
  seed: number;
  timeout: number;
  conversations?: string;
}

export function addMeasure(program: Command): void {
  program
    .command("measure")
    .description("bytes per instance of one subject, with interval, fixed cost, cross-check and breakdown")
    .argument("<subject>", "a .js, .mjs or .ts file that exports create(index), or FILE#export for a class or function")
    .option("--json", "print the whole result as JSON")
    .option("--jit", "leave the optimising compilers on")
    .option("--no-snapshot", "leave out the cross-check by heap snapshot")
    .option("--instances <n>", "instances of the largest population (default: chosen by a pilot)", wholeNumber(2))
    .option("--trials <n>", "fresh processes", wholeNumber(1), 5)
    .option("--seed <n>", "seed of the order of readings", wholeNumber(0), 1)
    .option("--timeout <seconds>", "wall time of one process", wholeNumber(1), 300)
    .option("--conversations <file>", "a conversations file for the subject's context")
    .action(async (subject: string, flags: Flags) => {
      const progress = new Progress();
      const result = await measure(subject, {
        compilers: flags.jit === true ? "on" : "off",
        snapshot: flags.snapshot,
        trials: flags.trials,
        seed: flags.seed,
        timeoutMs: flags.timeout * 1000,
        signal: interruptSignal(),
        progress: (finished, total, label) => { progress.update(finished, total, label); },
        ...(flags.instances === undefined ? {} : { instances: flags.instances }),
        ...(flags.conversations === undefined ? {} : { conversations: flags.conversations }),
      });
      progress.clear();
      process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : page(result));
    });
}

function page(result: Result): string {
  const doubts =
    result.warnings.length === 0
      ? "No doubts were raised."
      : result.warnings.map(({ name, message }) => `! ${name}: ${message}`).join("\n");
  const tables = [
    fitTable(result),
    ...estimateTables(result),
    ...breakdownTables(result),
    mainTable(result),
    calibrationTable(result),
  ];
  return `${[headline(result), doubts, ...tables.map(terminalTable)].join("\n\n")}\n`;
}

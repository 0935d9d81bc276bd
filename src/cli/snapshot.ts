import type { Command } from "commander";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";

interface Flags extends AnswerFlags {
  class?: string;
  page?: string;
}

export function addSnapshot(program: Command): void {
  program
    .command("snapshot")
    .description(
      "reads heap snapshots: who holds the memory (one file), what grew (two), what was made and stays (three)",
    )
    .argument("<file>", "a .heapsnapshot of Node, Chrome, Electron or Deno")
    .argument("[file2]", "a later snapshot of the same process: shows what grew")
    .argument("[file3]", "a third one: shows what was made between the first two and still lives")
    .option("--class <name>", "one class: count, distribution of sizes, who holds its objects")
    .option("--page <file>", "also write a page with a treemap of the (last) snapshot")
    .option("--verbose", "print the tables of holders, classes and waste too")
    .option("--quiet", "print the bytes of the (last) snapshot and nothing else")
    .option("--json", "print everything as JSON, unrounded")
    .action(async (file: string, second: string | undefined, third: string | undefined, flags: Flags) => {
      const { inspectSnapshots, snapshotAnswer, writeTreemap } = await import("../inspect/snapshot/index.js");
      const { answer, tree } = inspectSnapshots(
        [file, second, third].filter((path) => path !== undefined),
        {
          tree: flags.page !== undefined,
          ...(flags.class === undefined ? {} : { className: flags.class }),
        },
      );
      if (flags.page !== undefined && tree !== undefined) writeTreemap(flags.page, answer, tree);
      printAnswer(flags, answer, () => snapshotAnswer(answer), answer.files.at(-1)?.totalBytes);
    });
}

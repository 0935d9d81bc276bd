import type { Command } from "commander";

interface Flags {
  class?: string;
  json?: boolean;
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
    .option("--json", "print everything as JSON, unrounded")
    .action(async (file: string, second: string | undefined, third: string | undefined, flags: Flags) => {
      const { inspectSnapshots, snapshotText, writeTreemap } = await import("../inspect/snapshot/index.js");
      const { answer, tree } = inspectSnapshots(
        [file, second, third].filter((path) => path !== undefined),
        {
          tree: flags.page !== undefined,
          ...(flags.class === undefined ? {} : { className: flags.class }),
        },
      );
      if (flags.page !== undefined && tree !== undefined) writeTreemap(flags.page, answer, tree);
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : snapshotText(answer),
      );
    });
}

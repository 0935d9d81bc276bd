import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import { print } from "./print.js";

interface Flags {
  json?: boolean;
  markdown?: boolean;
}

export function addCompare(program: Command): void {
  program
    .command("compare")
    .description("what got heavier or lighter between two results, by how much and in which part")
    .argument("<base>", "a result.json or a results folder")
    .argument("<new>", "the same of the change")
    .option("--json", "print JSON")
    .option("--markdown", "print Markdown for a pull request")
    .action(async (base: string, next: string, flags: Flags) => {
      if (flags.json === true && flags.markdown === true)
        throw new BytesperError("USAGE", "--json and --markdown exclude each other; give one of them.");
      const [{ compareSets }, { markdownReport, terminalReport }] = await Promise.all([
        import("../report/compare/sets.js"),
        import("../report/compare/page.js"),
      ]);
      const report = compareSets(base, next);
      if (flags.json === true) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else if (flags.markdown === true) process.stdout.write(markdownReport(report));
      else print(terminalReport(report));
      if (report.comparisons.some(({ verdict }) => verdict === "heavier")) process.exitCode = 1;
      else if (!report.comparisons.some(({ comparable }) => comparable)) {
        process.stderr.write("Nothing of NEW can be compared with BASE; measure both in the same way.\n");
        process.exitCode = 3;
      }
    });
}

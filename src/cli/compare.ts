import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";

interface Flags extends AnswerFlags {
  markdown?: boolean;
}

export function addCompare(program: Command): void {
  program
    .command("compare")
    .description("what got heavier or lighter between two results, by how much and in which part")
    .argument("<base>", "a result.json or a results folder")
    .argument("<new>", "the same of the change")
    .option("--verbose", "print what changed by how much, in which part, too")
    .option("--json", "print JSON")
    .option("--markdown", "print Markdown for a pull request")
    .action(async (base: string, next: string, flags: Flags) => {
      if (flags.json === true && flags.markdown === true)
        throw new BytesperError("USAGE", "--json and --markdown exclude each other; give one of them.");
      const [{ compareSets }, { comparisonAnswer, markdownReport }] = await Promise.all([
        import("../report/compare/sets.js"),
        import("../report/compare/page.js"),
      ]);
      const report = compareSets(base, next);
      if (flags.markdown === true) process.stdout.write(markdownReport(report));
      else printAnswer(flags, report, () => comparisonAnswer(report));
      if (report.comparisons.some(({ verdict }) => verdict === "heavier")) process.exitCode = 1;
      else if (!report.comparisons.some(({ comparable }) => comparable)) {
        process.stderr.write("Nothing of NEW can be compared with BASE; measure both in the same way.\n");
        process.exitCode = 3;
      }
    });
}

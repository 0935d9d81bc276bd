import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import { outputWidth } from "../base/output-width.js";
import type { Figure } from "../report/figure/figure.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer, printMessage } from "./print.js";

interface Flags extends AnswerFlags {
  summary?: string;
  steps?: string;
  layout?: string[];
  figures?: string;
  markdown?: boolean;
}

export function addWrites(program: Command): void {
  program
    .command("writes")
    .description("what a gated memory's log of write decisions really says: runs, gates, growth, diagnosis")
    .argument("<log>", "a CSV log, plain or gzip; - for standard input")
    .option("--summary <file.csv>", "training summary with step and mem_size, to hold against the log")
    .option("--steps <a:b>", "only events of these steps, both included")
    .option(
      "--layout <columns>",
      "names of all fields of a row, with commas; once for each layout that is not known",
      (text: string, before: string[] | undefined) => [...(before ?? []), text],
    )
    .option("--figures <dir>", "write the charts into this folder, as SVG")
    .option("--markdown", "print Markdown on a terminal too")
    .option("--verbose", "print gates, steps and growth too")
    .option("--json", "print JSON")
    .action(async (log: string, flags: Flags) => {
      const writelog = await import("../writelog/index.js");
      const {
        analyseWriteLog,
        diagnose,
        joinSummary,
        parseLayout,
        parseSteps,
        readSummary,
        writeFigures,
        writeAnswer,
        writePage,
      } = writelog;
      const warn = (message: string): void => {
        printMessage(message);
      };
      const layouts = (flags.layout ?? []).map(parseLayout);
      const steps = flags.steps === undefined ? undefined : parseSteps(flags.steps);
      if (flags.summary === "-" && log === "-")
        throw new BytesperError(
          "USAGE",
          "Standard input is one file; give the log or the summary by its path.",
        );
      // Read first, so that a wrong path fails before gigabytes are read.
      const training = flags.summary === undefined ? undefined : await readSummary(flags.summary, warn);
      const { report, runs } = await analyseWriteLog(log, {
        warn,
        layouts,
        ...(steps === undefined ? {} : { steps }),
      });
      const summary = training === undefined ? undefined : joinSummary(training, runs);
      const diagnosis = diagnose(report, summary);
      if (flags.figures !== undefined) await saveFigures(flags.figures, writeFigures(report, runs));
      // A pipe or a file without a width gets the whole page, as a document.
      const isDocument = flags.verbose !== true && !Number.isFinite(outputWidth());
      const all = { ...report, summary: summary ?? { absent: "no --summary was given" }, diagnosis };
      if (flags.json !== true && (flags.markdown === true || isDocument))
        process.stdout.write(`${writePage(report, diagnosis, summary, "markdown")}\n`);
      else printAnswer(flags, all, () => writeAnswer(report, diagnosis, summary));
      if (report.events === 0) {
        warn(`${log} has no event within steps ${flags.steps ?? ""}.`);
        process.exitCode = 1;
      }
    });
}

async function saveFigures(folder: string, figures: Record<string, Figure>): Promise<void> {
  const { figureSvg } = await import("../report/figure/svg.js");
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, figure] of Object.entries(figures))
      await writeFile(join(folder, `${name}.svg`), await figureSvg(figure));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new BytesperError(
      "WRITE_FAILED",
      `The charts cannot be written into ${folder}: ${problem}; give a folder that can be written to.`,
      { cause: error },
    );
  }
}

import type { Command } from "commander";
import { counted } from "../base/format.js";

interface Flags {
  results: string;
  numbers?: string;
  check?: boolean;
  json?: boolean;
}

export function addPaper(program: Command): void {
  program
    .command("paper")
    .description("fill the tables, numbers and figures of Markdown and LaTeX files from results")
    .argument("<file...>", ".md and .tex files with markers; all files of a paper at once")
    .option("--results <dir>", "folder of the results", "results")
    .option(
      "--numbers <file>",
      "file of the numbers of \\bytesper{...} (default: numbers.tex beside the first .tex)",
    )
    .option("--check", "write nothing; exit 1 and list what is not as the results say")
    .option("--json", "print JSON")
    .action(async (files: string[], flags: Flags) => {
      const { describe, paper } = await import("../report/paper/index.js");
      const outcome = paper({
        files,
        results: flags.results,
        check: flags.check === true,
        ...(flags.numbers === undefined ? {} : { numbers: flags.numbers }),
      });
      const { stale, notices } = outcome;
      const filled = outcome.files.map((file) => ({ ...file, ...wordsOf(file) }));
      if (flags.json === true) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
      else if (flags.check === true) for (const each of stale) process.stdout.write(`${describe(each)}\n`);
      else
        for (const { file, changed, contents } of filled)
          process.stdout.write(`${file}: ${contents}, ${changed ? "written" : "as it was"}\n`);
      for (const { file, line, message } of notices)
        process.stderr.write(`${describe({ file, line, message: `note: ${message}` })}\n`);
      if (flags.check !== true) for (const each of stale) process.stderr.write(`${describe(each)}\n`);
      const empty = filled.filter(({ isEmpty }) => isEmpty);
      const note = empty.length === filled.length ? "" : "note: ";
      for (const { file } of empty) process.stderr.write(`${note}${file} holds no marker of bytesper.\n`);
      if (flags.check === true && stale.length === 0 && empty.length === 0)
        process.stderr.write(
          filled.length === 1
            ? "The file says what the results say.\n"
            : `All ${filled.length} files say what the results say.\n`,
        );
      if (flags.check === true && stale.length > 0 && flags.json !== true)
        process.stderr.write(
          `${counted(stale.length, "place")} ${stale.length === 1 ? "differs" : "differ"} from the results. To fill ${filled.length === 1 ? "it" : "them"}: bytesper paper ${files.join(" ")}\n`,
        );
      if ((flags.check === true && stale.length > 0) || empty.length === filled.length) process.exitCode = 1;
    });
}

function wordsOf(counts: { tables: number; values: number; figures: number; macros: number }): {
  contents: string;
  isEmpty: boolean;
} {
  const { tables, values, figures, macros } = counts;
  const count = (number: number, word: string): string[] => (number === 0 ? [] : [counted(number, word)]);
  const parts = [...count(tables, "table"), ...count(values + macros, "number"), ...count(figures, "figure")];
  return { contents: parts.join(", ") || "no marker", isEmpty: parts.length === 0 };
}

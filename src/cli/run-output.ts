import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { outputWidth } from "../base/output-width.js";
import { visible } from "../base/table/visible.js";
import type { RunEvents, RunOutcome } from "../runner/engine/run.js";
import { answersText } from "../report/answers.js";
import { conditions } from "../report/main-table.js";
import { resultAnswer, resultPage } from "../report/page.js";
import { keptInstead, resultName } from "../runner/results-folder.js";
import { announce } from "./background.js";
import { Progress } from "./progress.js";
import { print, printAnswer, printMessage } from "./print.js";

export class RunOutput {
  readonly #progress = new Progress();
  readonly #verbose: boolean;
  /** Each is said once, before the first answer that it is of. */
  readonly #conditions = new Set<string>();

  /** @param verbose print the tables of each experiment too */
  constructor(verbose = false) {
    this.#verbose = verbose;
  }

  readonly events: RunEvents = {
    started: announce,
    progress: (finished, total, label, left) => {
      this.#progress.update(finished, total, label, left);
    },
    step: (what) => this.#progress.step(what),
    notice: (message) => {
      this.#progress.line(message);
    },
    finished: (result, folder) => {
      this.#progress.clear();
      const of = conditions(result, result.rows);
      if (!this.#conditions.has(of)) print(`\n${visible(of)}\n`);
      this.#conditions.add(of);
      if (folder === undefined) {
        process.stdout.write("\n");
        printAnswer({ verbose: this.#verbose }, result, () => resultAnswer(result, undefined));
        return;
      }
      const name = resultName(folder, result);
      const shown = relative(process.cwd(), folder);
      process.stdout.write("\n");
      printAnswer({ verbose: this.#verbose }, result, () => {
        const answer = resultAnswer(result, join(shown, `${name}.md`));
        // Tables beside a page that was kept belong to that page's run.
        if (name === result.runId) return answer;
        return {
          ...answer,
          next: [...(answer.next ?? []), `As LaTeX, CSV and JSON: ${join(shown, "tables")}/`],
        };
      });
      if (name === result.runId)
        printMessage(
          keptInstead(folder, result) === "newer"
            ? `${join(shown, "result.md")} is of a newer run and was kept; give --replace to replace it.`
            : `${join(shown, "result.md")} has cells that this run left out and was kept; run with --replace to replace it.`,
        );
    },
  };

  /** Prints how the run ended and sets the exit code. Throws an error that the user must see as a message. */
  end(outcome: RunOutcome, out: string): void {
    this.#progress.clear();
    if (outcome.writeError !== undefined) {
      // Results that could not be written are printed, so that they are not lost.
      for (const result of outcome.results) print(`\n${resultPage(result)}`);
      throw outcome.writeError;
    }
    if (outcome.interrupted) {
      const count = outcome.results.length;
      printMessage(
        `Interrupted; ${count} ${count === 1 ? "experiment is" : "experiments are"} complete, and every finished cell is in ${out}/journal.jsonl. Go on with: bytesper resume ${out}`,
      );
      process.exitCode = 130;
      return;
    }
    // The answer of the only experiment stands right above.
    if (outcome.results.length > 1) {
      const page = join(out, "index.html");
      const where = existsSync(page) ? `All on one page: ${page}\n` : "";
      print(`\n${answersText(outcome.results, outputWidth())}\n${where}`);
    }
    if (outcome.failure !== undefined) throw outcome.failure;
    if (outcome.results.some(({ missing }) => missing.length > 0)) process.exitCode = 1;
  }
}

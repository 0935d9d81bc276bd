import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { BytesperError } from "../base/errors.js";
import { suggestion } from "../base/nearest-name.js";
import type { Outcome } from "../record/cell-end.js";
import { isOutOfMemory, OUTCOMES } from "../record/cell-end.js";
import { interruptSignal, list, wholeNumber } from "./options.js";

interface Flags {
  outcome?: string[];
  moreMemory?: number;
  slots?: number;
  dryRun?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/** Outcomes that `retry` can be asked for: a cell that answered is not run again. */
const RETRIED: readonly Outcome[] = OUTCOMES.filter((outcome) => outcome !== "ok");

/** Outcomes that `retry` runs again by default. */
const FAILURES: readonly Outcome[] = ["timeout", "crash", "oom-watchdog"];

export function addResume(program: Command): void {
  const common = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument("<run>", "folder of the results, or a journal in its runs/")
      .option("--slots <n>", "cells at once", wholeNumber(1))
      .option("--dry-run", "print the plan with its reasons, and run nothing")
      .option("--verbose", "print the tables of each experiment too")
      .option("--json", "with --dry-run, print JSON");
  common("resume", "run what is missing of a run, and only that").action(
    async (run: string, flags: Flags) => {
      await goOn(run, "resume", flags, []);
    },
  );
  common("retry", "run cells of a run again that failed")
    .option("--outcome <outcomes>", `which: ${RETRIED.join(", ")} (default: ${FAILURES.join(",")})`, list)
    .option("--more-memory <factor>", "raise the caps on memory, such as 2x", factor)
    .action(async (run: string, flags: Flags) => {
      await goOn(run, "retry", flags, outcomesOf(flags));
    });
}

async function goOn(
  run: string,
  command: "resume" | "retry",
  flags: Flags,
  retry: readonly Outcome[],
): Promise<void> {
  const [{ runGrid }, { journalOf }, { readJournal }, { stateOf }, { RunOutput }] = await Promise.all([
    import("../runner/engine/run.js"),
    import("../runner/journal/journal.js"),
    import("../runner/journal/read.js"),
    import("../runner/engine/state.js"),
    import("./run-output.js"),
  ]);
  const { path, out } = journalOf(run);
  const journal = readJournal(path, undefined, "counted");
  const state = stateOf(journal.records);
  if (state === undefined) {
    throw new BytesperError(
      "BAD_JOURNAL",
      `${path} holds no complete record; nothing was started, run it anew.`,
    );
  }
  const { request: before } = state.run;
  const request = {
    ...before,
    ...(flags.slots === undefined ? {} : { slots: flags.slots }),
    moreMemory: state.moreMemory * (flags.moreMemory ?? 1),
  };
  if (flags.dryRun === true) {
    const { printPlan } = await import("./plan-output.js");
    await printPlan(request, { out, json: flags.json === true, retry, state });
    if (request.executor === "slurm" && flags.json !== true) {
      const { printScripts } = await import("./slurm-options.js");
      await printScripts(request, { out, retry, state });
    }
    return;
  }
  const output = new RunOutput(flags.verbose === true);
  const outcome = await runGrid({
    request,
    out,
    command,
    journal: { path, read: journal },
    retry,
    signal: interruptSignal(),
    stopAtSubjectError: request.experiments.every(({ shipped }) => shipped),
    events: output.events,
  });
  output.end(outcome, out);
}

function outcomesOf({ outcome, moreMemory }: Flags): readonly Outcome[] {
  // With --more-memory, the default is the cells that ran out of memory; the factor raises no cap of a device.
  if (outcome === undefined)
    return moreMemory === undefined
      ? FAILURES
      : RETRIED.filter((each) => isOutOfMemory(each) && each !== "oom-device");
  const unknown = outcome.find((each) => !(RETRIED as readonly string[]).includes(each));
  if (unknown !== undefined)
    throw new BytesperError(
      "USAGE",
      `There is no outcome "${unknown}"${suggestion(unknown, RETRIED)}; the outcomes are ${RETRIED.join(", ")}.`,
    );
  return outcome as Outcome[];
}

function factor(text: string): number {
  const value = Number(text.replace(/x$/, ""));
  if (Number.isFinite(value) && value > 1) return value;
  throw new InvalidArgumentError("Expected a factor above 1, such as 2x.");
}

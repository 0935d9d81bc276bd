import type { Command } from "commander";
import { appendFileSync, existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { BytesperError } from "../base/errors.js";
import type { Budget } from "../report/budgets/budget.js";
import type { Confirmed } from "../report/budgets/confirm.js";
import type { ReportContext } from "../report/budgets/text.js";
import type { Result } from "../record/schema.js";
import type { BudgetedExperiment, BudgetRun } from "./check-run.js";
import type { MeasuringFlags } from "./options.js";
import {
  addMeasuringOptions,
  interruptSignal,
  list,
  measuringOptions,
  trialCount,
  wholeNumber,
} from "./options.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";

interface Flags extends MeasuringFlags, AnswerFlags {
  config?: string;
  results: string;
  result?: string;
  only?: string[];
  full?: boolean;
  trials: number;
  seed: number;
  conversations?: string;
  out?: string;
  update?: boolean;
  allowRaise?: string;
  selfTest?: boolean;
  junit?: string;
}

export function addCheck(program: Command): void {
  const command = program
    .command("check")
    .description("measure the experiments that bytesper.config has budgets for; exit 1 where one is exceeded")
    .option("--config <file>", "config of budgets (default: bytesper.config.* here or above)")
    .option("--results <dir>", "committed results, for growth and for the cause", "results")
    .option("--result <dir>", "judge a run that was done, instead of a first measurement")
    .option("--only <names>", "only these experiments, commas between them", list)
    .option("--full", "all populations, not the quick ones")
    .option("--trials <n>", "fresh processes for each cell", trialCount, 5)
    .option("--seed <n>", "seed of generated conversations and of the order of cells", wholeNumber(0), 1)
    .option("--conversations <file>", "take messages from a file with one conversation a line")
    .option("--out <dir>", "keep what was measured here, as profile would")
    .option("--update", "lower the budgets to what was measured, its interval included")
    .option("--allow-raise <reason>", "with --update, also raise budgets that are exceeded")
    .option("--self-test", "leak a known number of bytes on purpose; exit 1 unless the budgets notice it")
    .option("--junit <file>", "write the verdicts as JUnit XML")
    .option("--verbose", "print each budget, and what to do about those that are exceeded, too")
    .option("--json", "print JSON");
  addMeasuringOptions(command).action(check);
}

async function check(flags: Flags): Promise<void> {
  if (flags.allowRaise !== undefined && flags.update !== true)
    throw new BytesperError("USAGE", "--allow-raise belongs to --update; give both.");
  if (flags.allowRaise?.trim() === "")
    throw new BytesperError("USAGE", '--allow-raise needs a reason, such as "sessions keep a title now".');
  const [{ readConfig, lineOf }, { confirm }, { budgetAnswer }, { plan }] = await Promise.all([
    import("../report/budgets/config-file.js"),
    import("../report/budgets/confirm.js"),
    import("../report/budgets/text.js"),
    import("./check-plan.js"),
  ]);
  const file = await readConfig(flags.config, process.cwd());
  const committed = await committedResults(flags.results);
  const planned = await plan(file, { only: flags.only ?? [], full: flags.full === true, committed });
  const options: BudgetRun = {
    trials: flags.trials,
    seed: flags.seed,
    signal: interruptSignal(),
    ...measuringOptions(flags),
    ...(flags.conversations === undefined ? {} : { conversations: resolve(flags.conversations) }),
  };
  if (flags.selfTest === true) {
    const { selfTest } = await import("./check-self-test.js");
    return selfTest(planned, options, flags.json === true);
  }
  const first = await measurements(planned, options, flags);
  const judged = await judgeAll(planned, first, committed);
  const suspects = planned.filter(({ budget }) =>
    judged.some(({ experiment, verdict }) => experiment === budget.experiment && verdict === "over"),
  );
  if (suspects.length > 0)
    process.stderr.write(
      `Over budget: ${suspects.map(({ budget }) => budget.experiment).join(", ")}; measuring again in fresh processes.\n`,
    );
  const again = suspects.map(({ experiment, budget }) => sameAs(experiment, first.get(budget.experiment)));
  const second =
    suspects.length === 0
      ? new Map<string, Result>()
      : await (await import("./check-run.js")).measureAll(again, options);
  requireAll(suspects, second);
  const confirmed = await withCauses(
    confirm(judged, await judgeAll(suspects, second, committed)),
    first,
    second,
    committed,
  );
  const context: ReportContext = {
    config: file.name,
    line: (experiment, key) => lineOf(file.text, experiment, key),
    reproduce: (experiment) =>
      `bytesper check --config ${file.name} --only ${experiment}${planned.find(({ budget }) => budget.experiment === experiment)?.experiment.quick === false ? " --full" : ""}${flags.conversations === undefined ? "" : ` --conversations ${flags.conversations}`}`,
  };
  printAnswer(flags, { config: file.path, budgets: confirmed }, () => budgetAnswer(confirmed, context));
  await writeReports(confirmed, context, file.path, flags);
  if (flags.update === true) {
    const { update } = await import("./check-update.js");
    if (update(file, planned, confirmed, flags.allowRaise)) return;
  }
  if (confirmed.some(({ verdict }) => verdict === "over")) process.exitCode = 1;
  else if (confirmed.some(({ verdict }) => verdict === "unknown")) process.exitCode = 3;
}

export interface Planned {
  experiment: BudgetedExperiment;
  budget: Budget;
}

type Results = ReadonlyMap<string, Result>;

/** Reads the committed results. Missing results are an error only if a budget of growth needs them. */
async function committedResults(folder: string): Promise<Results> {
  if (!existsSync(folder)) return new Map();
  const { readResults } = await import("../report/compare/read.js");
  try {
    return readResults(folder, "--results");
  } catch (error) {
    if (error instanceof BytesperError && error.code === "BAD_INPUT") return new Map();
    throw error;
  }
}

async function measurements(planned: readonly Planned[], options: BudgetRun, flags: Flags): Promise<Results> {
  if (flags.result !== undefined) {
    const { readResults } = await import("../report/compare/read.js");
    const results = readResults(flags.result, "--result");
    requireAll(planned, results);
    return results;
  }
  const { measureAll } = await import("./check-run.js");
  const results = await measureAll(
    planned.map(({ experiment }) => experiment),
    { ...options, ...(flags.out === undefined ? {} : { out: flags.out }) },
  );
  requireAll(planned, results);
  return results;
}

/** Throws if a budget has no measurement, because it must not pass. */
function requireAll(planned: readonly Planned[], results: Results): void {
  const missing = planned.find(({ budget }) => !results.has(budget.experiment));
  if (missing === undefined) return;
  throw new BytesperError(
    "CELL_FAILED",
    `There is no result of ${missing.budget.experiment}, so its budgets cannot be judged; measure it, or remove them.`,
  );
}

/** The experiment with the same populations as its first result, which may come from `--result`. */
function sameAs(experiment: BudgetedExperiment, first: Result | undefined): BudgetedExperiment {
  const quick = first?.settings.quick;
  return typeof quick === "boolean" ? { ...experiment, quick } : experiment;
}

async function judgeAll(
  planned: readonly Planned[],
  results: Results,
  committed: Results,
): Promise<Confirmed["first"][]> {
  const [{ judgeBudget }, { compareResults }] = await Promise.all([
    import("../report/budgets/judge.js"),
    import("../report/compare/compare.js"),
  ]);
  return planned.flatMap(({ budget }) => {
    const result = results.get(budget.experiment);
    if (result === undefined) return [];
    const base = committed.get(budget.experiment);
    const comparison =
      base === undefined
        ? { absent: "there is no committed result of it; run bytesper profile or give --results" }
        : compareResults(base, result);
    return judgeBudget(budget, result, comparison);
  });
}

async function withCauses(
  confirmed: readonly Confirmed[],
  first: Results,
  second: Results,
  committed: Results,
): Promise<Confirmed[]> {
  const [{ compareResults }, { largestParts }] = await Promise.all([
    import("../report/compare/compare.js"),
    import("../report/compare/cause.js"),
  ]);
  return confirmed.map((each) => {
    const { experiment } = each.first;
    const result = second.get(experiment) ?? first.get(experiment);
    if (each.verdict !== "over" || result === undefined) return each;
    const base = committed.get(experiment);
    const largest = `the largest parts are ${largestParts(result) || "not known: there is no snapshot"}`;
    if (base === undefined)
      return { ...each, cause: `there is no committed result to compare with; ${largest}` };
    const { cause, comparable, obstacles } = compareResults(base, result);
    if (!comparable)
      return {
        ...each,
        cause: `the committed result is not comparable (${obstacles.join("; ")}); ${largest}`,
      };
    return { ...each, cause: cause ?? `nothing changed since the committed result; ${largest}` };
  });
}

async function writeReports(
  confirmed: Confirmed[],
  context: ReportContext,
  path: string,
  flags: Flags,
): Promise<void> {
  if (flags.junit !== undefined) {
    const [{ junitReport }, { writeNamed }] = await Promise.all([
      import("../report/budgets/junit.js"),
      import("../base/write.js"),
    ]);
    writeNamed(flags.junit, junitReport(confirmed, context));
  }
  const { GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: onGitHub } = process.env;
  if (summary === undefined && onGitHub !== "true") return;
  const { annotations, summaryMarkdown } = await import("../report/budgets/github.js");
  if (summary !== undefined && summary !== "") {
    try {
      appendFileSync(summary, summaryMarkdown(confirmed, context));
    } catch (error) {
      // The verdict does not depend on the summary page.
      process.stderr.write(`The job summary ${summary} cannot be written: ${(error as Error).message}\n`);
    }
  }
  if (onGitHub !== "true") return;
  // GitHub expects paths from the root of the checkout.
  const root = process.env.GITHUB_WORKSPACE;
  const own = root === undefined ? context : { ...context, config: relative(root, path) };
  for (const line of annotations(confirmed, own)) process.stderr.write(`${line}\n`);
}

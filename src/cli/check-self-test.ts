import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../system/temporary.js";
import { BytesperError } from "../base/errors.js";
import { importable } from "../experiment/compile.js";
import { openExperiment } from "../experiment/load.js";
import { isAbsent } from "../system/probe/reading.js";
import { compareResults } from "../report/compare/compare.js";
import { bytesIn } from "../base/format.js";
import { judgeBudget } from "../report/budgets/judge.js";
import type { Result } from "../record/schema.js";
import { totalOf } from "../record/total.js";
import { experimentFile } from "../runner/engine/shipped.js";
import type { Planned } from "./check.js";
import type { BudgetedExperiment, BudgetRun } from "./check-run.js";
import { measureAll } from "./check-run.js";

const LEAK_CLASS = "BytesperSelfTestLeak";
const LEAK_CHARACTERS = 1000;
/**
 * A string of one-byte characters has a header of 16 bytes. The object has three words and two fields of 8
 * bytes each.
 */
const LEAK_BYTES = 16 + LEAK_CHARACTERS + 24 + 16;

/**
 * Tests `check` itself. It measures an experiment of the config and sets the budget to the result. Then each
 * instance holds a known number of bytes more. The budget must fail by that number and name the class of the
 * leak.
 */
export async function selfTest(
  planned: readonly Planned[],
  options: BudgetRun,
  json: boolean,
): Promise<void> {
  const problems: string[] = [];
  const { experiment, isPopulation } = await firstPopulation(planned);
  if (!isPopulation)
    throw new BytesperError(
      "BAD_INPUT",
      "No experiment of the config has a subject, into which a leak could be put; add a budget for one.",
    );
  const folder = temporaryFolder("self-test");
  const module = await importable(experimentFile(experiment.source), folder);
  const loaded = await openExperiment(experimentFile(experiment.source), folder);
  let clean: Result | undefined;
  let leaking: Result | undefined;
  try {
    const file = join(folder, "leaking.experiment.mjs");
    writeFileSync(file, leakingExperiment(module.url, loaded.subject?.reference));
    const { name } = experiment;
    clean = (await measureAll([experiment], options)).get(name);
    const source = { file, shipped: false };
    leaking = (await measureAll([{ ...experiment, source }], options)).get(name);
  } finally {
    loaded.dispose();
    module.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
  if (clean === undefined || leaking === undefined || isAbsent(clean.fit) || isAbsent(leaking.fit))
    throw new BytesperError(
      "CELL_FAILED",
      `${experiment.name} has no bytes per unit to test the budgets with.`,
    );
  const units = clean.rows[0]?.unitsPerInstance ?? 1;
  const isVaried = clean.rows.some(({ unitsPerInstance }) => unitsPerInstance !== units);
  const expected = LEAK_BYTES / units;
  const total = totalOf(clean.fit);
  const limit = (isAbsent(total) ? clean.fit.perUnitBytes : total).high;
  const budget = {
    experiment: experiment.name,
    limits: [
      {
        kind: "perUnit" as const,
        key: `per ${clean.unit}`,
        bytes: limit,
        text: `${bytesIn(limit, "B", 0.1)} B`,
      },
    ],
    reasons: {},
  };
  const judge = (result: Result): ReturnType<typeof judgeBudget>[number] | undefined =>
    judgeBudget(budget, result, { absent: "not asked" })[0];
  if (judge(clean)?.verdict !== "within") problems.push("the budget fails without a leak");
  const over = judge(leaking);
  if (over?.verdict !== "over") problems.push("the budget does not notice the leak");
  const found = leaking.fit.perUnitBytes.value - clean.fit.perUnitBytes.value;
  if (!isVaried && Math.abs(found - expected) > Math.max(1, 0.02 * expected))
    problems.push(`the leak reads as ${bytesIn(found, "B", 0.1)} B and has ${bytesIn(expected, "B", 0.1)}`);
  const { cause = "none", verdict } = compareResults(clean, leaking);
  if (verdict !== "heavier") problems.push(`compare calls the leak "${verdict}"`);
  if (!cause.includes(LEAK_CLASS)) problems.push(`the cause does not name the leak: ${cause}`);
  const outcome = {
    experiment: experiment.name,
    leakedBytesPerUnit: expected,
    foundBytesPerUnit: found,
    cause,
    problems,
  };
  if (json) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  else
    process.stdout.write(
      problems.length === 0
        ? `The budgets work: a leak of ${bytesIn(expected, "B", 0.1)} B per ${clean.unit} in ${experiment.name} fails its budget by ${bytesIn(found, "B", 0.1)} B.\nCause: ${cause}\n`
        : `The budgets do not work: ${problems.join("; ")}.\n`,
    );
  if (problems.length > 0) process.exitCode = 1;
}

/**
 * Prefers an experiment whose instances all hold the same number of units: then the leak per unit is known.
 */
async function firstPopulation(
  planned: readonly Planned[],
): Promise<{ experiment: BudgetedExperiment; isPopulation: boolean }> {
  let found: BudgetedExperiment | undefined;
  for (const { experiment } of planned) {
    const { experiment: own, dispose } = await openExperiment(experimentFile(experiment.source));
    dispose();
    if (own.subject === undefined) continue;
    found ??= experiment;
    if (own.unitsPerInstance === undefined) return { experiment, isPopulation: true };
  }
  return found === undefined
    ? { experiment: (planned[0] as Planned).experiment, isPopulation: false }
    : { experiment: found, isPopulation: true };
}

/**
 * Code of an experiment with the instances of another. Each instance is held by an object that also holds a
 * text.
 */
function leakingExperiment(url: string, subject: unknown): string {
  const loader = new URL("../measure/load-subject.js", import.meta.url);
  return `import original from ${JSON.stringify(url)};
import { loadSubject } from ${JSON.stringify(loader.href)};
const inner = await loadSubject(${JSON.stringify(subject)});
const pool = Buffer.alloc(65536, "x");
class ${LEAK_CLASS} {
  constructor(instance, text) {
    this.instance = instance;
    this.text = text;
  }
}
const around = (instance, index) =>
  new ${LEAK_CLASS}(instance, pool.toString("latin1", index % 60000, (index % 60000) + ${LEAK_CHARACTERS}));
const subject = {
  prepare: (context) => inner.prepare?.(context),
  create: (index, context) => {
    const made = inner.create(index, context);
    return made instanceof Promise ? made.then((instance) => around(instance, index)) : around(made, index);
  },
  ...(inner.release === undefined ? {} : { release: (held) => inner.release(held.instance) }),
};
export default { ...original, subject };
`;
}

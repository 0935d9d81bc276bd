import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import type { Estimate, EstimateContext, Experiment, Factors } from "./define.js";
import { shown } from "./values-problem.js";

/** What the experiment estimates at these levels. Throws `BAD_EXPERIMENT` for what is no estimate. */
export async function estimatesOf(
  experiment: Experiment,
  factors: Factors,
  context: EstimateContext,
): Promise<readonly Estimate[]> {
  if (experiment.estimate === undefined) return [];
  let answer: unknown;
  try {
    answer = await experiment.estimate(factors, context);
  } catch (error) {
    throw bad(experiment, "estimate", factors, `throws ${sentence(error)}`, error);
  }
  const estimates: unknown[] = Array.isArray(answer) ? answer : [answer];
  const wrong = estimates.find((each) => !isEstimate(each));
  if (estimates.every(isEstimate)) return estimates;
  throw bad(
    experiment,
    "estimate",
    factors,
    `answers ${shown(wrong)}, and { bytes, formula } with a finite number and a text was expected`,
  );
}

/** Units in one instance at these levels. Throws `BAD_EXPERIMENT` unless it is a number above 0. */
export function unitsOf(experiment: Experiment, factors: Factors): number {
  if (experiment.unitsPerInstance === undefined) return 1;
  let units: unknown;
  try {
    units = experiment.unitsPerInstance(factors);
  } catch (error) {
    throw bad(experiment, "unitsPerInstance", factors, `throws ${sentence(error)}`, error);
  }
  if (typeof units === "number" && Number.isFinite(units) && units > 0) return units;
  throw bad(
    experiment,
    "unitsPerInstance",
    factors,
    `answers ${shown(units)}, and a number above 0 was expected`,
  );
}

function isEstimate(value: unknown): value is Estimate {
  if (typeof value !== "object" || value === null) return false;
  const { bytes, formula, name = "", covers = [] } = value as Record<string, unknown>;
  return (
    Number.isFinite(bytes) &&
    typeof formula === "string" &&
    typeof name === "string" &&
    Array.isArray(covers) &&
    covers.every((kind) => typeof kind === "string")
  );
}

function bad(
  { name }: Experiment,
  key: string,
  factors: Factors,
  problem: string,
  cause?: unknown,
): BytesperError {
  return new BytesperError(
    "BAD_EXPERIMENT",
    `The "${key}" of "${name}" ${problem}, at ${shown(factors)}.`,
    cause === undefined ? {} : { cause },
  );
}

import { boundsOf, criterionProblem } from "./bounds.js";
import { COMMAND_READINGS, RESERVED, suggestion, WHOLE } from "./names.js";
import { inOrder, predecessorsOf } from "./order.js";
import type { Criteria, Flags, RolloutPlan, Stage } from "./plan.js";

/** The mistake in a plan, as a clause; undefined if there is none. */
export function rolloutProblem(candidate: unknown, ofCommands: boolean): string | undefined {
  if (!isObject(candidate)) return "it must be an object with flags, readings and stages";
  const plan = candidate as Partial<RolloutPlan>;
  const { flags } = plan;
  const [stages, fallback, readings] = [plan.stages, plan.fallback ?? [], plan.readings].map(listOf);
  if (stages === undefined || stages.length === 0) return "it has no stages; give at least one";
  if (fallback === undefined) return 'its "fallback" must be a list of stages';
  if (readings?.every((name) => typeof name === "string") !== true)
    return 'its "readings" must be a list of the names of readings that criteria may use';
  const whole = plan as RolloutPlan;
  const known = [...whole.readings, ...(ofCommands ? COMMAND_READINGS : [])];
  const all = [...stages, ...fallback];
  return (
    flagsProblem(flags, "it") ??
    namesProblem(all) ??
    levelsProblem(whole) ??
    criteriaProblem("it", whole.criteria, known) ??
    firstOf(all as Stage[], (stage) => criteriaProblem(`stage "${stage.name}"`, stage.criteria, known)) ??
    dependenciesProblem(whole) ??
    boundProblem(whole)
  );
}

function firstOf<T>(items: readonly T[], problem: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = problem(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function listOf(value: unknown): unknown[] | undefined {
  return Array.isArray(value) ? (value as unknown[]) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function flagsProblem(flags: unknown, whose: string): string | undefined {
  if (!isObject(flags)) return `${whose} has no "flags"; give each flag with its level`;
  return firstOf(Object.entries(flags), ([name, level]) => {
    // The arguments of a command name flags as {name}.
    if (!/^[A-Za-z_][\w-]*$/.test(name))
      return `the flag "${name}" must be a letter or "_" and then letters, digits, "-" and "_"`;
    if (RESERVED.includes(name) || name === WHOLE)
      return `no flag can be named "${name}", which a column of the stages is`;
    const fine =
      typeof level === "boolean" ||
      typeof level === "string" ||
      (typeof level === "number" && Number.isFinite(level));
    if (!fine)
      return `the flag "${name}" is ${typeof level === "number" ? String(level) : JSON.stringify(level)}; a level is a boolean, a number or a text`;
    return undefined;
  });
}

function namesProblem(stages: readonly unknown[]): string | undefined {
  const seen = new Set<string>();
  return firstOf(stages, (stage) => {
    if (!isObject(stage) || typeof stage.name !== "string" || stage.name.trim() === "")
      return 'each of its stages needs a "name"';
    if (seen.size === seen.add(stage.name).size)
      return `two of its stages are named "${stage.name}"; give each a name of its own`;
    return flagsProblem(stage.flags, `stage "${stage.name}"`);
  });
}

/** A flag that changes its type, or that the plan's own flags lack, is usually a typing mistake. */
function levelsProblem({ flags, stages, fallback = [] }: RolloutPlan): string | undefined {
  return firstOf([...stages, ...fallback], (stage) =>
    firstOf(Object.entries(stage.flags), ([name, level]) => {
      const first = Object.hasOwn(flags, name) ? flags[name] : undefined;
      if (first === undefined)
        return `stage "${stage.name}" sets the flag "${name}", which its "flags" lack: ${suggestion(name, Object.keys(flags))}`;
      if (typeof first === typeof level) return undefined;
      return `the flag "${name}" has two types: ${show(first)} in its "flags" and ${show(level)} in stage "${stage.name}"`;
    }),
  );
}

function show(level: Flags[string]): string {
  return `the ${typeof level} ${JSON.stringify(level)}`;
}

function criteriaProblem(
  whose: string,
  criteria: Criteria | undefined,
  known: readonly string[],
): string | undefined {
  if (criteria === undefined) return undefined;
  if (!isObject(criteria)) return `${whose} has "criteria" that are no object of readings`;
  return firstOf(Object.entries(criteria), ([reading, criterion]) => {
    if (!known.includes(reading))
      return `${whose} has a criterion on "${reading}", which is not among its readings: ${suggestion(reading, known)}`;
    const problem = criterionProblem(reading, criterion);
    return problem === undefined ? undefined : `in ${whose}, ${problem}`;
  });
}

function dependenciesProblem({ stages }: RolloutPlan): string | undefined {
  const names = stages.map(({ name }) => name);
  const wrong = firstOf(stages, ({ name, after = [] }) => {
    const given: unknown = after;
    const unknown = (listOf(given) ?? [given]).find((each) => !names.includes(each as string));
    if (unknown === undefined) return undefined;
    return `stage "${name}" comes after ${JSON.stringify(unknown)}, which is no stage: ${suggestion(typeof unknown === "string" ? unknown : "", names)}`;
  });
  if (wrong !== undefined) return wrong;
  const ordered = inOrder(stages);
  if ("order" in ordered) return undefined;
  return `its stages wait for one another in a circle (${ordered.cycle.join(" after ")}); take one "after" out`;
}

/**
 * Every stage needs a bound that can fail. A bound against the stage before does not count if there is no
 * such stage.
 */
function boundProblem({ stages, fallback = [], criteria = {} }: RolloutPlan): string | undefined {
  const needs = predecessorsOf(stages);
  return firstOf([...stages, ...fallback], (stage) => {
    const bounds = boundsOf(criteria, stage.criteria ?? {});
    if (bounds.length === 0)
      return `stage "${stage.name}" has no criteria; say what must hold, such as { peakBytes: { atMost: "8 GiB" } }`;
    const compared = (needs.get(stage.name)?.length ?? 0) > 0;
    if (compared || bounds.some(({ kind }) => kind !== "atMostTimesPrevious")) return undefined;
    return `stage "${stage.name}" is only compared with a stage before it, and there is none; give it an absolute criterion`;
  });
}

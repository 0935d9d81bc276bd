import { suggestion } from "../base/nearest-name.js";
import { sizeOf } from "../base/size.js";
import type { Experiment } from "./define.js";
import { nearestOf } from "./keys-problem.js";

/** The mistake in the kinds of values that an experiment file gives; undefined if there is none. */
export function valuesProblem(candidate: Partial<Experiment>): string | undefined {
  for (const key of ["title", "question"] as const) {
    const value: unknown = candidate[key];
    if (value !== undefined && (typeof value !== "string" || value === ""))
      return `its "${key}" is ${shown(value)}, and a text was expected`;
  }
  for (const key of ["estimate", "unitsPerInstance"] as const) {
    const value: unknown = candidate[key];
    if (value !== undefined && typeof value !== "function")
      return `its "${key}" is ${shown(value)}, and a function was expected`;
  }
  return (
    levelsProblem("factors", candidate.factors) ??
    levelsProblem("quick", candidate.quick) ??
    quickProblem(candidate) ??
    patternsProblem(candidate.exclude, Object.keys({ ...candidate.factors, ...candidate.quick })) ??
    snapshotProblem(candidate.snapshotFactors, Object.keys(candidate.factors ?? {})) ??
    tableProblem(candidate.table) ??
    followUpsProblem(candidate.followUps) ??
    fitsProblem(candidate) ??
    envProblem(candidate.env)
  );
}

/** The mistake in factors and their levels. */
function levelsProblem(key: string, factors: unknown): string | undefined {
  if (factors === undefined) return undefined;
  if (!isObject(factors)) return `its "${key}" is ${shown(factors)}, and an object of lists was expected`;
  for (const [name, levels] of Object.entries(factors)) {
    // An assignment to this key changes the object's class and adds no level.
    if (name === "__proto__") return `a factor of its "${key}" is named "__proto__"; give it another name`;
    if (!Array.isArray(levels) || levels.length === 0)
      return `factor "${name}" must be a list with at least one level`;
    const seen = new Set<unknown>();
    for (const level of levels as unknown[]) {
      const problem = levelProblem(level);
      if (problem !== undefined) return `factor "${name}" has the level ${shown(level)}; ${problem}`;
      if (seen.size === seen.add(level).size)
        return `factor "${name}" has the level ${String(level)} more than once`;
    }
  }
  return undefined;
}

/** JSON has no NaN and no infinity: two such levels would have one identity and no place in a result. */
function levelProblem(level: unknown): string | undefined {
  if (typeof level === "string" || typeof level === "boolean" || Number.isFinite(level)) return undefined;
  return "levels are finite numbers, texts, true and false";
}

function patternsProblem(exclude: unknown, names: readonly string[]): string | undefined {
  if (exclude === undefined) return undefined;
  if (!Array.isArray(exclude))
    return `its "exclude" is ${shown(exclude)}, and a list of objects was expected`;
  for (const pattern of exclude as unknown[]) {
    if (!isObject(pattern))
      return `its "exclude" has ${shown(pattern)}, and an object of levels was expected`;
    // A pattern without levels would leave out every cell.
    const keys = Object.keys(pattern);
    if (keys.length === 0) return 'its "exclude" has {}, which would leave out every cell';
    const unknown = keys.find((name) => !names.includes(name));
    if (unknown !== undefined)
      return `its "exclude" names the factor "${unknown}"; the factors are ${names.join(", ") || "none"}${suggestion(unknown, names)}`;
  }
  return undefined;
}

/** A level for `--quick` of a factor that does not exist would add a factor to quick runs alone. */
function quickProblem({
  factors = {},
  quick = {},
}: Pick<Partial<Experiment>, "factors" | "quick">): string | undefined {
  const unknown = Object.keys(quick).find((name) => !Object.hasOwn(factors, name));
  return unknown === undefined
    ? undefined
    : `its "quick" names the factor "${unknown}", which it does not have; ${nearestOf(unknown, Object.keys(factors), "factors")}`;
}

function snapshotProblem(factors: unknown, names: readonly string[]): string | undefined {
  if (factors === undefined) return undefined;
  if (!isObject(factors))
    return `its "snapshotFactors" is ${shown(factors)}, and an object of levels was expected`;
  const unknown = Object.keys(factors).find((name) => !names.includes(name));
  if (unknown !== undefined)
    return `its "snapshotFactors" names the factor "${unknown}", which it does not have; ${nearestOf(unknown, names, "factors")}`;
  const wrong = Object.entries(factors).find(([, level]) => levelProblem(level) !== undefined);
  return wrong === undefined
    ? undefined
    : `its "snapshotFactors" has ${wrong[0]}=${shown(wrong[1])}; ${levelProblem(wrong[1]) ?? ""}`;
}

function tableProblem(table: unknown): string | undefined {
  if (table === undefined) return undefined;
  if (!isObject(table) || typeof table.title !== "string" || !Array.isArray(table.columns))
    return `its "table" is ${shown(table)}, and { title, columns } was expected`;
  const wrong = (table.columns as unknown[]).find(
    (column) => !isObject(column) || typeof column.title !== "string" || typeof column.from !== "string",
  );
  if (wrong !== undefined)
    return `its "table" has the column ${shown(wrong)}, and { title, from } was expected`;
  const { notes = [] } = table;
  return Array.isArray(notes) && notes.every((note) => typeof note === "string")
    ? undefined
    : 'its "table" has "notes" that are no list of texts';
}

function fitsProblem({ fits, subject, unitsPerInstance }: Partial<Experiment>): string | undefined {
  if (fits === undefined) return undefined;
  const sizes: unknown = fits;
  if (!Array.isArray(sizes))
    return `its "fits" is ${shown(sizes)}, and a list of sizes such as ["512 MiB"] was expected`;
  const wrong = (sizes as unknown[]).find((size) => typeof size !== "string" || !(sizeOf(size) > 0));
  if (wrong !== undefined) return `its "fits" has ${shown(wrong)}, and a size such as "512 MiB" was expected`;
  if (subject === undefined) return 'it has "fits" and no "subject", whose instances would be held';
  return unitsPerInstance === undefined
    ? undefined
    : 'it has both "fits", which counts instances, and "unitsPerInstance"; leave one out';
}

function followUpsProblem(followUps: unknown): string | undefined {
  if (followUps === undefined) return undefined;
  if (!Array.isArray(followUps))
    return `its "followUps" is ${shown(followUps)}, and a list of objects was expected`;
  const names = new Set<unknown>();
  for (const part of followUps as unknown[]) {
    if (!isObject(part) || typeof part.name !== "string" || part.name === "")
      return `its "followUps" has ${shown(part)}, and an object with a "name" was expected`;
    const { name } = part;
    if (names.size === names.add(name).size) return `two of its "followUps" are named "${name}"`;
    if (typeof part.program !== "string")
      return `its follow-up "${name}" needs a "program", the path of a module`;
    const problem =
      levelsProblem("factors", part.factors ?? null) ??
      levelsProblem("quick", part.quick) ??
      quickProblem(part) ??
      tableProblem(part.table ?? null);
    if (problem !== undefined) return `of its follow-up "${name}": ${problem}`;
  }
  return undefined;
}

function envProblem(env: unknown): string | undefined {
  if (env === undefined || isObject(env)) return undefined;
  return `its "env" is ${shown(env)}, and an object of texts was expected`;
}

/** A value in one short line, of any kind. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value.slice(0, MOST_SHOWN)) : String(value);
  try {
    return JSON.stringify(value).slice(0, MOST_SHOWN);
  } catch {
    return "an object";
  }
}

const MOST_SHOWN = 60;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

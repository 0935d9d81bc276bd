import { nearestName, suggestion } from "../base/nearest-name.js";
import { COLUMN_UNITS, ROW_VALUES } from "./column-spec.js";
import type { ColumnSpec } from "./column-spec.js";
import type { Caps, Experiment, FollowUp, Subject } from "./define.js";
import type { RolloutPlan, Stage } from "./rollout/index.js";

/** Every key by its name: the compiler finds one that is missing or not a key. */
const keys = <T extends object>(known: Record<keyof T, true>): string[] => Object.keys(known);

const EXPERIMENT = keys<Required<Experiment>>({
  name: true,
  title: true,
  question: true,
  answer: true,
  unit: true,
  factors: true,
  quick: true,
  exclude: true,
  repetitions: true,
  seeds: true,
  subject: true,
  program: true,
  command: true,
  env: true,
  requires: true,
  frontier: true,
  rollout: true,
  followUps: true,
  population: true,
  instances: true,
  fits: true,
  unitsPerInstance: true,
  snapshotFactors: true,
  estimate: true,
  table: true,
  figures: true,
  caps: true,
});
const SUBJECT = keys<Required<Subject>>({ create: true, release: true, prepare: true, use: true });
export const CAPS = keys<Required<Caps>>({ memory: true, device: true, time: true });
const TABLE = keys<Required<NonNullable<Experiment["table"]>>>({ title: true, columns: true, notes: true });
const COLUMN = keys<Required<ColumnSpec>>({ title: true, from: true, unit: true });
const FOLLOW_UP = keys<Required<FollowUp>>({
  name: true,
  factors: true,
  quick: true,
  program: true,
  table: true,
});
const ROLLOUT = keys<Required<RolloutPlan>>({
  flags: true,
  readings: true,
  criteria: true,
  stages: true,
  fallback: true,
});
const STAGE = keys<Required<Stage>>({ name: true, flags: true, criteria: true, after: true });

/** The first key at any depth that means nothing; undefined if there is none. What is no object is not looked into. */
export function keysProblem(candidate: object): string | undefined {
  const { table, followUps, rollout, subject } = candidate as Partial<Experiment>;
  return (
    unknownKey("it", candidate, EXPERIMENT) ??
    subjectProblem(subject) ??
    tableKeys('its "table"', table) ??
    firstOf(followUps, (part) => followUpKeys(part)) ??
    unknownKey('its "rollout"', rollout, ROLLOUT) ??
    firstOf(rollout?.stages, (stage) => unknownKey(placeOf("stage", stage), stage, STAGE)) ??
    firstOf(rollout?.fallback, (stage) => unknownKey(placeOf("fallback stage", stage), stage, STAGE))
  );
}

function followUpKeys(part: unknown): string | undefined {
  const place = placeOf("its follow-up", part);
  return (
    unknownKey(place, part, FOLLOW_UP) ??
    tableKeys(`the "table" of ${place}`, (part as Partial<FollowUp> | null)?.table)
  );
}

function tableKeys(place: string, table: unknown): string | undefined {
  const columns = isObject(table) ? table.columns : undefined;
  return (
    unknownKey(place, table, TABLE) ??
    firstOf(
      columns,
      (column) => unknownKey(`a column of ${place}`, column, COLUMN) ?? unitProblem(place, column),
    )
  );
}

function unitProblem(place: string, column: unknown): string | undefined {
  const unit = isObject(column) ? column.unit : undefined;
  if (unit === undefined || (COLUMN_UNITS as readonly unknown[]).includes(unit)) return undefined;
  return `a column of ${place} has the unit ${JSON.stringify(unit)}; the units are ${COLUMN_UNITS.join(", ")}`;
}

/** An object with `create` may hold whatever it needs beside it, but no key that is nearly one of a subject. */
function subjectProblem(subject: unknown): string | undefined {
  if (!isObject(subject)) return undefined;
  for (const key of Object.keys(subject)) {
    if (SUBJECT.includes(key)) continue;
    const near = nearestName(key, SUBJECT);
    if (near !== undefined && !Object.hasOwn(subject, near))
      return `its "subject" has the key "${key}"; the nearest is ${near}`;
  }
  return undefined;
}

/** The first own key of `value` that is not known, as a clause; undefined if there is none or no object. */
export function unknownKey(place: string, value: unknown, known: readonly string[]): string | undefined {
  if (!isObject(value)) return undefined;
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return undefined;
  return `${place} has the key "${unknown}"${suggestion(unknown, known) || `; the keys are ${known.join(", ")}`}`;
}

/** The known names, and the nearest of them where one is near. */
export function nearestOf(given: string, known: readonly string[], names: string): string {
  return `the ${names} are ${known.join(", ") || "none"}${suggestion(given, known)}`;
}

/** The mistake in the name of a value that a column or an axis shows; undefined if there is none. */
export function valueNameProblem(from: string, factors: readonly string[]): string | undefined {
  if (from.startsWith("factors.")) {
    const name = from.slice("factors.".length);
    return factors.includes(name)
      ? undefined
      : `"${from}", and there is no factor "${name}"; ${nearestOf(name, factors, "factors")}`;
  }
  // What a program reads is known when it has run.
  if (/^(readings|series)\../.test(from) || ROW_VALUES.includes(from)) return undefined;
  const known = [...ROW_VALUES, ...factors.map((name) => `factors.${name}`)];
  return `"${from}", which is no value of a row; ${nearestOf(from, known, "values")}, and readings are "readings.NAME"`;
}

function placeOf(what: string, value: unknown): string {
  const name = isObject(value) ? value.name : undefined;
  return typeof name === "string" ? `${what} "${name}"` : what;
}

function firstOf(items: unknown, problem: (item: unknown) => string | undefined): string | undefined {
  if (!Array.isArray(items)) return undefined;
  for (const item of items as unknown[]) {
    const found = problem(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

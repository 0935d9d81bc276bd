import type { Factors } from "../../experiment/define.js";
import type { Result } from "../../record/schema.js";
import { describe } from "../plan.js";

export interface Fact {
  /** Name of the value without its row, such as `readings.product`. */
  name: string;
  /** The value as JSON. */
  value: string;
}

/** Values of results by their place, such as `grid rows[x=1].readings.product.value`. */
export type Facts = ReadonlyMap<string, Fact>;

export interface Difference {
  place: string;
  name: string;
  /** Undefined where this side does not have the value. */
  expected: string | undefined;
  found: string | undefined;
}

/** Keys that identify a run and its machine. They say nothing about the cells. */
const IDENTITY = new Set(["runId", "startedAt", "finishedAt", "journal", "journalSha256", "environment"]);

/** Keys inside a reading. They are compared as one value under the name of the reading. */
const OF_READING = new Set(["value", "low", "high", "absent", "above", "reason"]);

/**
 * Values from the clock and the kernel, which change from run to run. They are left out even if two runs
 * agreed. Values that a program prints are left out only if undisturbed runs differ in them.
 */
export const MEASURED: readonly string[] = [
  ...["durationMs", "mainPssBytes", "peakBytes", "pssBytes"].flatMap((name) => [
    `readings.${name}`,
    `statistics.${name}`,
  ]),
  "measuredOverEstimate",
  "warnings.timings-beside-others",
];

/** Collects the values that can be compared between two runs of one grid. */
export function factsOf(results: readonly Result[]): Facts {
  const facts = new Map<string, Fact>();
  for (const result of results) {
    for (const [key, value] of Object.entries(result))
      if (!IDENTITY.has(key)) collect(facts, `${result.experiment} ${key}`, key, value);
  }
  return facts;
}

/** Names of the values that differ between undisturbed runs. */
export function varying(undisturbed: readonly Facts[]): Set<string> {
  const [first, ...others] = undisturbed;
  if (first === undefined) return new Set();
  return new Set(others.flatMap((other) => differences(first, other, new Set()).map(({ name }) => name)));
}

export function differences(expected: Facts, found: Facts, leftOut: ReadonlySet<string>): Difference[] {
  const places = new Set([...expected.keys(), ...found.keys()]);
  return [...places].flatMap((place): Difference[] => {
    const [before, after] = [expected.get(place), found.get(place)];
    const name = (before ?? after)?.name ?? "";
    if (before?.value === after?.value || leftOut.has(name)) return [];
    return [{ place, name, expected: before?.value, found: after?.value }];
  });
}

export function comparedIn(facts: Facts, leftOut: ReadonlySet<string>): number {
  return [...facts.values()].filter(({ name }) => !leftOut.has(name)).length;
}

export function inWords({ place, expected, found }: Difference): string {
  if (expected === undefined) return `${place} is ${found ?? ""} and was not there`;
  return found === undefined
    ? `${place} was ${expected} and is gone`
    : `${place} is ${found} and was ${expected}`;
}

function collect(facts: Map<string, Fact>, place: string, name: string, value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      const key = keyOf(item) ?? String(index);
      collect(facts, `${place}[${key}]`, name === "warnings" ? `${name}.${key}` : name, item);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value))
      collect(facts, `${place}.${key}`, OF_READING.has(key) ? name : factName(name, key), inner);
  } else facts.set(place, { name, value: JSON.stringify(value) });
}

/**
 * Builds a name. "rows" is left out, since nearly every value is in a row. The statistics of one reading are one value:
 * where its mean may vary, so may its deviation, and the reason for having none.
 */
function factName(outer: string, key: string): string {
  if (/^statistics\../.test(outer)) return outer;
  return outer === "rows" ? key : `${outer}.${key}`;
}

/** Text that identifies an item of a list, independent of its position. */
function keyOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { factors, others, name, type, kind } = item as { factors?: Factors; others?: Factors } & Record<
    "name" | "type" | "kind",
    unknown
  >;
  const levels = factors ?? others;
  if (levels !== undefined) return describe(levels);
  return [name, type, kind].find((key) => typeof key === "string");
}

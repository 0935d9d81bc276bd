import type { Factors } from "../../experiment/define.js";
import type { Result } from "../../record/schema.js";
import { describe } from "../plan.js";

/** One value of a result. */
export interface Fact {
  /** Its name without the row that it stands in, such as `readings.product`. */
  name: string;
  /** As JSON. */
  value: string;
}

/** Every value of some results by its place, such as `grid rows[x=1].readings.product.value`. */
export type Facts = ReadonlyMap<string, Fact>;

export interface Difference {
  place: string;
  name: string;
  /** Undefined where only one of the runs has the value. */
  expected: string | undefined;
  found: string | undefined;
}

/** What names a run and its machine, and says nothing about the cells. */
const IDENTITY = new Set(["runId", "startedAt", "finishedAt", "journal", "journalSha256", "environment"]);

/** Keys of a reading: they are one value under the reading's name. */
const OF_READING = new Set(["value", "low", "high", "absent", "above", "reason"]);

/**
 * What the clock and the kernel give and no run gives twice, whether or not two runs happened to agree in it. What a
 * program prints is its own, and is left out only where undisturbed runs differ.
 */
export const MEASURED: readonly string[] = [
  "readings.durationMs",
  "readings.mainPssBytes",
  "readings.peakBytes",
  "readings.pssBytes",
  "measuredOverEstimate",
  "warnings.timings-beside-others",
];

/** The values of results that two runs of one grid can be compared in. */
export function factsOf(results: readonly Result[]): Facts {
  const facts = new Map<string, Fact>();
  for (const result of results) {
    for (const [key, value] of Object.entries(result))
      if (!IDENTITY.has(key)) collect(facts, `${result.experiment} ${key}`, key, value);
  }
  return facts;
}

/** Names of the values in which runs differ that nothing had disturbed. */
export function varying(undisturbed: readonly Facts[]): Set<string> {
  const [first, ...others] = undisturbed;
  if (first === undefined) return new Set();
  return new Set(others.flatMap((other) => differences(first, other, new Set()).map(({ name }) => name)));
}

/** Where a run differs from the expected one, but for the names that are left out. */
export function differences(expected: Facts, found: Facts, leftOut: ReadonlySet<string>): Difference[] {
  const places = new Set([...expected.keys(), ...found.keys()]);
  return [...places].flatMap((place): Difference[] => {
    const [before, after] = [expected.get(place), found.get(place)];
    const name = (before ?? after)?.name ?? "";
    if (before?.value === after?.value || leftOut.has(name)) return [];
    return [{ place, name, expected: before?.value, found: after?.value }];
  });
}

/** How many values are compared when some are left out. */
export function comparedIn(facts: Facts, leftOut: ReadonlySet<string>): number {
  return [...facts.values()].filter(({ name }) => !leftOut.has(name)).length;
}

/** A difference in words. */
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
      collect(facts, `${place}.${key}`, OF_READING.has(key) ? name : nameOf(name, key), inner);
  } else facts.set(place, { name, value: JSON.stringify(value) });
}

/** The rows are what a result consists of; a name tells what stands in them. */
function nameOf(outer: string, key: string): string {
  return outer === "rows" ? key : `${outer}.${key}`;
}

/** What tells an item of a list from the others, wherever in the list it stands. */
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

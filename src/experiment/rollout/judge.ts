import type { ProgramReading } from "../define.js";
import { median } from "../../base/stats/median.js";
import type { Bound } from "./plan.js";
import { largestOf, smallestOf } from "../../base/stats/extremes.js";

/** One trial of a cell that ended. */
export interface EndedTrial {
  /** `ok`, or how it failed. */
  outcome: string;
  /** One clause, if it failed. */
  cause?: string | undefined;
  readings: Readonly<Record<string, ProgramReading>>;
}

export interface Check extends Bound {
  /** The limit; absent if the bound compares with a stage before that lacks this reading. */
  boundary?: number;
  /** The worst value of the trials; absent if one trial has no number. */
  value?: number;
  met: boolean;
  /** Why the bound is not met, as a clause, if no number shows it. */
  why?: string;
}

/**
 * Whether the trials of a cell meet the bounds. A trial that failed meets none, whatever its readings are.
 */
export function judge(
  bounds: readonly Bound[],
  trials: readonly EndedTrial[],
  previous: readonly EndedTrial[] | undefined,
): { passed: boolean; checks: Check[]; failure?: string } {
  const checks = bounds
    .filter(({ kind }) => kind !== "atMostTimesPrevious" || previous !== undefined)
    .map((bound) => checkOf(bound, trials, previous ?? []));
  const broken = trials.find(({ outcome }) => outcome !== "ok");
  return {
    passed: broken === undefined && checks.every(({ met }) => met),
    checks,
    ...(broken === undefined
      ? {}
      : { failure: [broken.outcome, broken.cause].filter((text) => text !== undefined).join(": ") }),
  };
}

function checkOf(bound: Bound, trials: readonly EndedTrial[], previous: readonly EndedTrial[]): Check {
  const { reading, kind, limit } = bound;
  const own = numbersOf(reading, trials);
  const known = "why" in own ? undefined : (kind === "atLeast" ? smallestOf : largestOf)(own.values);
  if (kind === "atMostTimesPrevious") {
    const before = numbersOf(reading, previous);
    if ("why" in before) return { ...bound, met: false, why: `of the stage before, ${before.why}` };
    return checked(bound, limit * median(before.values), known, own);
  }
  return checked(bound, limit, known, own);
}

function checked(bound: Bound, boundary: number, value: number | undefined, own: Numbers): Check {
  if (value === undefined)
    return { ...bound, boundary, met: false, ...("why" in own ? { why: own.why } : {}) };
  const met = bound.kind === "atLeast" ? value >= boundary : value <= boundary;
  return { ...bound, boundary, value, met };
}

type Numbers = { values: number[] } | { why: string };

function numbersOf(reading: string, trials: readonly EndedTrial[]): Numbers {
  const values: number[] = [];
  for (const { readings } of trials) {
    const value = Object.hasOwn(readings, reading) ? readings[reading] : undefined;
    if (typeof value === "number") values.push(value);
    else if (value === undefined) return { why: `${reading} was not read` };
    // A reading that is only known to be above a value can never meet a bound.
    else return { why: `${reading} is unknown: ${"absent" in value ? value.absent : value.reason}` };
  }
  return values.length === 0 ? { why: `${reading} was not read` } : { values };
}

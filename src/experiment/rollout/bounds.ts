import { parseDuration } from "../../base/duration.js";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { parseSize } from "../../base/size.js";
import type { Bound, Criteria } from "./plan.js";
import { BOUND_KINDS } from "./plan.js";

/**
 * The bounds from the common and the own criteria; an own criterion replaces the common one on the same
 * reading. The criteria must have been checked.
 */
export function boundsOf(common: Criteria, own: Criteria): Bound[] {
  return Object.entries({ ...common, ...own }).flatMap(([reading, criterion]) =>
    BOUND_KINDS.flatMap((kind) => {
      const value = criterion[kind];
      return value === undefined ? [] : [{ reading, kind, limit: limitOf(reading, value) }];
    }),
  );
}

/** The mistake in one criterion, as a clause; undefined if there is none. */
export function criterionProblem(reading: string, criterion: unknown): string | undefined {
  const place = `its criterion on "${reading}"`;
  if (typeof criterion !== "object" || criterion === null || Object.keys(criterion).length === 0)
    return `${place} bounds nothing; give { atMost }, { atLeast } or { atMostTimesPrevious }`;
  for (const [kind, value] of Object.entries(criterion)) {
    if (!(BOUND_KINDS as readonly string[]).includes(kind))
      return `${place} has "${kind}"; there are ${BOUND_KINDS.join(", ")}`;
    if (kind === "atMostTimesPrevious" && !(typeof value === "number" && value > 0 && value < Infinity))
      return `${place} is ${JSON.stringify(value)} times the stage before; give a number above 0`;
    try {
      limitOf(reading, value);
    } catch (error) {
      const why = error instanceof BytesperError ? sentence(error) : "it is no number";
      return `${place} cannot be read: ${why}`;
    }
  }
  const { atLeast, atMost } = criterion as Criteria[string];
  if (atLeast !== undefined && atMost !== undefined && limitOf(reading, atLeast) > limitOf(reading, atMost))
    return `${place} asks for at least ${atLeast} and at most ${atMost}, which nothing meets`;
  return undefined;
}

/** Throws if the value is neither a finite number nor a text in the unit of the reading's name. */
function limitOf(reading: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && reading.endsWith("Bytes")) return parseSize(value);
  if (typeof value === "string" && reading.endsWith("Ms")) return parseDuration(value);
  throw new BytesperError(
    "BAD_EXPERIMENT",
    `${JSON.stringify(value)} is no bound; give a number, a size for a reading in Bytes, or a time for one in Ms.`,
  );
}

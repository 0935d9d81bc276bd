import { BytesperError } from "../../base/errors.js";

export interface NewObservation {
  category: string;
  type: string;
  content: string;
  tags?: readonly string[];
  /** From 0 to 1; 0.5 by default. */
  importance?: number;
  /** The generation in which it was made. */
  turn?: number;
}

export interface Observation extends Required<Omit<NewObservation, "turn">> {
  id: string;
  /** ISO 8601. */
  savedAt: string;
  turn?: number;
}

/** Conditions that observations must meet; without any, all match. */
export interface ObservationFilter {
  category?: string;
  type?: string;
  /** The observation must have all of these. */
  tags?: readonly string[];
  leastImportance?: number;
  /** Part of the content; upper and lower case of ASCII letters are equal. */
  contains?: string;
  /** 50 by default. */
  limit?: number;
}

/** Throws `USAGE` if it cannot be saved without changes. */
export function requireObservation(observation: NewObservation): void {
  if (typeof (observation as unknown) !== "object" || (observation as unknown) === null)
    throw bad("observation must be { category, type, content }", observation);
  const { category, type, content, tags = [], importance = 0.5, turn = 0 } = observation;
  for (const [name, value] of Object.entries({ category, type, content }) as [string, unknown][]) {
    if (typeof value !== "string" || value === "")
      throw bad(`${name} of an observation must be a text that is not empty`, value);
  }
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string" && tag !== ""))
    throw bad("tags of an observation must be a list of texts", tags);
  if (typeof (importance as unknown) !== "number" || !(importance >= 0 && importance <= 1))
    throw bad("importance of an observation must be from 0 to 1", importance);
  if (!Number.isSafeInteger(turn)) throw bad("turn of an observation must be a whole number", turn);
}

/** Throws `USAGE` for a filter that would match something else than meant. */
export function requireFilter(filter: ObservationFilter): void {
  if (typeof (filter as unknown) !== "object" || (filter as unknown) === null)
    throw bad("filter of a query must be an object", filter);
  const { tags = [], leastImportance = 0, limit = 1 } = filter;
  for (const name of ["category", "type", "contains"] as const) {
    const value: unknown = filter[name];
    if (value !== undefined && typeof value !== "string")
      throw bad(`${name} of a query must be a text`, value);
  }
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
    throw bad("tags of a query must be a list of texts", tags);
  if (!Number.isFinite(leastImportance))
    throw bad("leastImportance of a query must be a number", leastImportance);
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw bad("limit of a query must be a whole number from 1", limit);
}

function bad(expected: string, came: unknown): BytesperError {
  return new BytesperError("USAGE", `The ${expected}, not ${JSON.stringify(came)}.`);
}

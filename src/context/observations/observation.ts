import { BytesperError } from "../../errors.js";

/** What is to be remembered. */
export interface NewObservation {
  category: string;
  type: string;
  content: string;
  tags?: readonly string[];
  /** From 0 to 1; 0.5 unless given. */
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

/** Throws `USAGE` for what cannot be saved as it is. */
export function requireObservation(observation: NewObservation): void {
  const { category, type, content, tags = [], importance = 0.5, turn = 0 } = observation;
  for (const [name, value] of Object.entries({ category, type, content }) as [string, unknown][]) {
    if (typeof value !== "string" || value === "")
      throw bad(`${name} of an observation must be a text that is not empty`, value);
  }
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string" && tag !== ""))
    throw bad("tags of an observation must be a list of texts", tags);
  if (!(importance >= 0 && importance <= 1))
    throw bad("importance of an observation must be from 0 to 1", importance);
  if (!Number.isSafeInteger(turn)) throw bad("turn of an observation must be a whole number", turn);
}

function bad(expected: string, came: unknown): BytesperError {
  return new BytesperError("USAGE", `The ${expected}, not ${JSON.stringify(came)}.`);
}

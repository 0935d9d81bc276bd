import { BytesperError } from "../../src/base/errors.js";

/** What a target found: a case that the product must not answer so. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/**
 * What `use` answers, or undefined if it refuses the input with a sentence of its own. Every other error is let
 * through: nobody wrote it for a user.
 */
export function unlessRefused<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    requireSentence(error);
    return undefined;
  }
}

export async function unlessRefusedLater<T>(use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    requireSentence(error);
    return undefined;
  }
}

function requireSentence(error: unknown): void {
  if (!(error instanceof BytesperError)) throw error;
  if (error.message.trim() === "" || /undefined|\[object |TypeError|is not a function/.test(error.message))
    throw new Finding(`it was refused with a sentence that says nothing: ${error.message}`);
}

/** A number that is none must not stand in what a user reads. */
export function requireNumbers(text: string, what: string): void {
  const found = /.{0,40}(\bNaN\b|\bundefined\b|\[object [A-Z]|(?<!")-?\bInfinity\b).{0,40}/s.exec(text);
  if (found !== null) throw new Finding(`${what} holds what is no number: ${JSON.stringify(found[0])}`);
}

/** The same for a value, at any depth. */
export function requireFinite(value: unknown, what: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Finding(`${what} is ${value}`);
  if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) requireFinite(inner, `${what}.${key}`);
}

export function requireEqual(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Finding(`${what} is ${a} and should be ${b}`);
}

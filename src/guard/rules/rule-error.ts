import { BytesperError } from "../../base/errors.js";

const LONGEST_SHOWN = 200;

/** An error for a rule that cannot be parsed or used. */
export function ruleError(rule: string, problem: string): BytesperError {
  return new BytesperError("BAD_INPUT", `The rule "${shown(rule)}" ${problem}.`);
}

/** @param at counts from 0; the message counts from 1 */
export function errorAt(text: string, at: number, word: string, problem: string): BytesperError {
  const place = word === "" ? "at its end" : `at character ${at + 1} ("${shown(word)}")`;
  return ruleError(text, `cannot be read ${place}: ${problem}`);
}

function shown(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}

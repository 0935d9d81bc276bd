import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

/** {tokens, threads, runs} from the arguments; `more` are options of the program itself, as strings. */
export function peerOptions(args, more = {}) {
  const whole = { type: "string" };
  const { values } = parseArgs({ args, options: { tokens: whole, threads: whole, runs: whole, ...more } });
  return {
    ...values,
    tokens: wholeNumber("tokens", values.tokens ?? "1024"),
    threads: wholeNumber("threads", values.threads ?? `${availableParallelism()}`),
    runs: wholeNumber("runs", values.runs ?? "5"),
  };
}

export function wholeNumber(name, text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number from 1, not ${text}`);
  return number;
}

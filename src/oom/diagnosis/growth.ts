import { bytesWithBinaryUnit as size } from "../../base/format.js";
import type { Hypothesis } from "../hypotheses.js";
import type { Case, Diagnosis } from "./diagnosis.js";

const grouped = (value: number): string => value.toLocaleString("en-US");

/**
 * No tensor at the logged token count explains the size. Either all tensors are smaller at that count, so the
 * input grew after it was logged; or the larger ones would have requested more.
 */
export function besideTheLog(
  { facts: { inputTokens }, balance: { requested } }: Case,
  hypotheses: readonly Hypothesis[],
): Diagnosis | undefined {
  if (inputTokens === undefined || requested === undefined) return undefined;
  const counted = hypotheses.flatMap((hypothesis) =>
    hypothesis.tokens === null ? [] : [{ ...hypothesis, tokens: hypothesis.tokens }],
  );
  // The size of weights does not depend on the input.
  const explained = hypotheses.some(
    ({ kind, plausibility }) => kind === "weights" || plausibility === "as-logged",
  );
  if (counted.length === 0 || explained) return undefined;
  const logged = `the ${grouped(inputTokens.last)} input tokens of line ${grouped(inputTokens.line)}`;
  const nearest = counted.reduce((best, other) => (other.tokens < best.tokens ? other : best));
  if (nearest.tokens > inputTokens.largest) {
    return {
      name: "growth-between-turns",
      message: `No tensor of the model reaches ${size(requested)} at ${logged}: ${nearest.tensor} comes nearest and takes ${grouped(nearest.tokens)} tokens, ${grouped(nearest.tokens - inputTokens.last)} more. Look at what grew between the turns: the history, tool results, generated tokens, a cache that is kept.`,
    };
  }
  const larger = counted.filter(({ tokens }) => tokens <= inputTokens.last).slice(0, 3);
  const would = larger.map(({ tensor, bytesAtLogged }) => `${tensor} ${size(bytesAtLogged ?? 0)}`).join(", ");
  return {
    name: "tokens-disagree",
    message: `At ${logged} no tensor of the model has ${size(requested)}${would === "" ? "" : ` (${would})`}: another input failed, or only a part of it was computed at once.`,
  };
}

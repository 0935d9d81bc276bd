import type { ComputeType } from "./dtype.js";
import { bytesPerNumber } from "./dtype.js";
import type { ModelShape } from "./shape.js";
import type { Draft } from "./term.js";
import { grouped, oneBlock, product, sequences } from "./term.js";

export const LOGITS = ["last", "all", "all-fp32"] as const;

/** Which positions get logits, and whether they are also copied to fp32. */
export type Logits = (typeof LOGITS)[number];

export interface ActivationSetting {
  compute: ComputeType;
  batch: number;
  /** Tokens that go through a layer in one step. */
  tokens: number;
}

/** The residual stream, which exists at every stage. */
export function hiddenTerm({ hiddenSize }: ModelShape, { compute, batch, tokens }: ActivationSetting): Draft {
  const each = bytesPerNumber(compute);
  return oneBlock({
    name: "hidden states",
    bytes: batch * tokens * hiddenSize * each,
    formula: product(sequences(batch), `${grouped(tokens)} tokens`, grouped(hiddenSize), `${each} B`),
    phase: "always",
  });
}

/** Numbers per token in the widest layer while it mixes tokens: by attention, recurrence or both. */
export function mixerTerm(model: ModelShape, setting: ActivationSetting): Draft {
  let width = 0;
  let formula = "no layer mixes tokens";
  for (const { attention, recurrence } of model.layers) {
    let own = model.hiddenSize;
    const parts = [`${grouped(model.hiddenSize)} input`];
    if (attention !== undefined) {
      const { heads, kvHeads, keyDim, valueDim } = attention;
      own += heads * (2 * keyDim + valueDim) + kvHeads * (keyDim + valueDim);
      parts.push(
        `${heads} heads x (2 x ${keyDim} queries + ${valueDim} output)`,
        `${kvHeads} x (${keyDim} + ${valueDim}) new keys and values`,
      );
    }
    if (recurrence !== undefined) {
      own += recurrence.width;
      parts.push(`${grouped(recurrence.width)} recurrent`);
    }
    if ((attention ?? recurrence) !== undefined && own > width) {
      width = own;
      formula = parts.join(" + ");
    }
  }
  return widthTerm("attention activations", "attention", width, formula, setting);
}

/** Numbers per token in the widest layer inside a feed-forward block. */
export function feedForwardTerm(model: ModelShape, setting: ActivationSetting): Draft {
  let width = 0;
  let formula = "no layer has a feed-forward block";
  for (const { feedForward } of model.layers) {
    if (feedForward === undefined || model.hiddenSize + feedForward.width <= width) continue;
    width = model.hiddenSize + feedForward.width;
    formula = `${grouped(model.hiddenSize)} input + ${feedForward.formula} intermediate`;
  }
  return widthTerm("feed-forward activations", "feed-forward", width, formula, setting);
}

function widthTerm(
  name: string,
  phase: Draft["phase"],
  width: number,
  formula: string,
  { compute, batch, tokens }: ActivationSetting,
): Draft {
  const each = bytesPerNumber(compute);
  return oneBlock({
    name,
    bytes: batch * tokens * width * each,
    formula:
      width === 0
        ? formula
        : product(
            sequences(batch),
            `${grouped(tokens)} tokens`,
            `(${formula})`,
            `${each} B, one layer at a time`,
          ),
    phase,
  });
}

export function logitsTerm(
  { vocabularySize, outputs }: ModelShape,
  setting: ActivationSetting,
  logits: Logits,
): Draft {
  const { compute, batch } = setting;
  // Labels are of a sequence, whatever positions are asked for.
  const positions = logits === "last" || outputs !== undefined ? 1 : setting.tokens;
  const words = outputs ?? vocabularySize;
  const own = bytesPerNumber(compute);
  const copy = logits === "all-fp32" && compute !== "fp32" ? 4 : 0;
  const numbers = batch * positions * words;
  const copies = [own, copy].filter((size) => size > 0);
  return {
    name: "logits",
    bytes: numbers * (own + copy),
    formula: product(
      sequences(batch),
      positions === 1 ? "1 position" : `${grouped(positions)} positions`,
      `${grouped(words)} ${outputs === undefined ? "words" : "labels"}`,
      copy === 0 ? `${own} B` : `(${own} B + ${copy} B copy in fp32)`,
    ),
    phase: "logits",
    blocks: copies.map((size) => ({ bytes: numbers * size, copies: 1 })),
  };
}

import type { ModelShape } from "../model/index.js";
import { bytesOf, elementsOf, kvBytesPerToken, numberType } from "../model/index.js";

/** The purpose of a tensor; it decides what can be changed about it. */
export type TensorKind = "scores" | "logits" | "key-value" | "activation" | "weights";

/**
 * A tensor that a model allocates, with the formula for its bytes from the tokens of the prompt (times the
 * batch).
 */
export interface TensorLaw {
  tensor: string;
  kind: TensorKind;
  growth: "quadratic" | "linear" | "none";
  /** Bytes per token, per token squared, or in total. */
  bytes: number;
  /** The formula with its numbers filled in; N stands for the tokens. */
  formula: string;
}

const grouped = (value: number): string => value.toLocaleString("en-US");

/** The tensors of a model that are large enough to fail, the likeliest first. */
export function tensorLaws(model: ModelShape): TensorLaw[] {
  return [
    ...scores(model),
    ...logits(model),
    ...keysAndValues(model),
    ...activations(model),
    ...weights(model),
  ];
}

function scores(model: ModelShape): TensorLaw[] {
  const heads = new Set(
    model.layers.flatMap(({ attention }) => (attention === undefined ? [] : [attention.heads])),
  );
  return [...heads].flatMap((count) =>
    [[4, "fp32"] as const, [2, "16 bit"] as const].map(([size, type]): TensorLaw => ({
      tensor: `attention scores, one layer, ${type}`,
      kind: "scores",
      growth: "quadratic",
      bytes: count * size,
      formula: `${count} heads x N x N x ${size} B`,
    })),
  );
}

function logits({ vocabularySize }: ModelShape): TensorLaw[] {
  return [[4, "fp32"] as const, [2, "16 bit"] as const].map(([size, type]) => ({
    tensor: `logits, all positions, ${type}`,
    kind: "logits",
    growth: "linear",
    bytes: vocabularySize * size,
    formula: `N x ${grouped(vocabularySize)} words x ${size} B`,
  }));
}

function keysAndValues(model: ModelShape): TensorLaw[] {
  const size = elementBytes(model);
  const laws = new Map<string, TensorLaw>();
  const add = (tensor: string, elements: number, formula: string): void => {
    if (elements === 0) return;
    const law: TensorLaw = { tensor, kind: "key-value", growth: "linear", bytes: elements * size, formula };
    laws.set(`${tensor} ${elements}`, law);
  };
  for (const { attention } of model.layers) {
    if (attention === undefined) continue;
    const { heads, kvHeads, keyDim, latentDim } = attention;
    if (latentDim !== undefined)
      add("latent, one layer, concatenated", latentDim, `N x ${latentDim} x ${size} B`);
    else
      add(
        "keys or values, one layer, concatenated",
        kvHeads * keyDim,
        `N x ${kvHeads} heads x ${keyDim} x ${size} B`,
      );
    if (kvHeads < heads || latentDim !== undefined)
      add(
        "keys or values, one layer, repeated to all heads",
        heads * keyDim,
        `N x ${heads} heads x ${keyDim} x ${size} B`,
      );
  }
  const perToken = kvBytesPerToken(model, size === 4 ? "fp32" : "bf16");
  const all: TensorLaw = {
    tensor: "key/value cache, all layers",
    kind: "key-value",
    growth: "linear",
    bytes: perToken,
    formula: `N x ${grouped(perToken)} B in ${model.layers.length} layers`,
  };
  return perToken === 0 ? [...laws.values()] : [...laws.values(), all];
}

/** Names in checkpoints of the matrices that make a token wider in a feed-forward block. */
const WIDENING = /(?:up_proj|gate_proj|gate_up_proj|fc1|c_fc|dense_h_to_4h|fc_in|w1|w3)\.weight$/;

function activations(model: ModelShape): TensorLaw[] {
  const size = elementBytes(model);
  const laws: TensorLaw[] = [];
  const widths = new Set(
    model.tensors
      .filter(({ name }) => WIDENING.test(name) && !name.includes("expert"))
      .map(({ shape }) => shape[0] ?? 0),
  );
  for (const width of widths) {
    laws.push({
      tensor: "feed-forward activation",
      kind: "activation",
      growth: "linear",
      bytes: width * size,
      formula: `N x ${grouped(width)} x ${size} B`,
    });
  }
  laws.push({
    tensor: "hidden states, as embedded",
    kind: "activation",
    growth: "linear",
    bytes: model.hiddenSize * size,
    formula: `N x ${grouped(model.hiddenSize)} x ${size} B`,
  });
  // Norms compute in fp32.
  if (size < 4)
    laws.push({
      tensor: "hidden states, fp32 copy of a norm",
      kind: "activation",
      growth: "linear",
      bytes: model.hiddenSize * 4,
      formula: `N x ${grouped(model.hiddenSize)} x 4 B`,
    });
  return laws;
}

function weights(model: ModelShape): TensorLaw[] {
  const size = elementBytes(model);
  const types = size === 4 ? [4] : [size, 4];
  return model.tensors
    .filter(({ shape }) => shape.length > 1)
    .flatMap((tensor) =>
      types.map((each): TensorLaw => ({
        tensor: `weights of ${tensor.name}${each === size ? "" : ", fp32"}`,
        kind: "weights",
        growth: "none",
        bytes: elementsOf({ ...tensor, copies: 1 }) * each,
        formula: `${tensor.shape.map(grouped).join(" x ")} x ${each} B`,
      })),
    );
}

/** Bytes of the type in which the model computes; 16 bit if its config gives none. */
function elementBytes({ dtype }: ModelShape): number {
  const type = dtype === undefined ? undefined : numberType(dtype);
  return type === undefined || bytesOf(1, type) < 2 ? 2 : bytesOf(1, type);
}

import { densePart } from "../feed-forward-part.js";
import type { NormKind, Part, PartTensor } from "../part.js";
import { joined, linear, norm, tensorsOfLayers } from "../part.js";
import { TOWER } from "../quantization/parts.js";
import type { Tensor } from "../shape.js";

export interface EncoderTraits {
  hidden: number;
  intermediate: number;
  layers: number;
  norm?: NormKind;
  /** Norms of the hidden size in a layer. */
  layerNorms?: number;
  qkvBias?: boolean;
  /** Whisper's keys have no bias where queries and values have one. */
  keyBias?: boolean;
  outputBias?: boolean;
  gated?: boolean;
  mlpBias?: boolean;
  /** More tensors of each layer, such as scales or tables of relative positions. */
  each?: readonly PartTensor[];
  /** Width of keys and values, if it is not the hidden size. */
  keys?: number;
  /** Width of queries, if it is not the hidden size. */
  queries?: number;
}

/** The layers of an encoder for images or sound: attention and a feed-forward block, both before norms. */
export function encoderLayers(prefix: string, traits: EncoderTraits): Tensor[] {
  const { hidden, intermediate, layers, gated = false, mlpBias = true, layerNorms = 2 } = traits;
  const { qkvBias = true, keyBias = qkvBias, outputBias = true, queries = hidden, keys = hidden } = traits;
  const norms = Array.from({ length: layerNorms }, (_, at) =>
    norm(`norm_${at + 1}`, traits.norm ?? "layer", hidden),
  );
  const layer: Part = joined([
    {
      tensors: [
        ...linear("self_attn.q_proj", queries, hidden, qkvBias),
        ...linear("self_attn.k_proj", keys, hidden, keyBias),
        ...linear("self_attn.v_proj", keys, hidden, qkvBias),
        ...linear("self_attn.o_proj", hidden, queries, outputBias),
        ...norms.flat(),
        ...(traits.each ?? []),
      ],
    },
    { tensors: densePart(hidden, intermediate, { gated, bias: mlpBias }).tensors },
  ]);
  return tensorsOfLayers(Array<Part>(layers).fill(layer), `${TOWER}${prefix}.layers`);
}

export function single(prefix: string, name: string, ...shape: number[]): Tensor {
  return { name: `${TOWER}${prefix}.${name}`, shape, copies: 1 };
}

/** A matrix outside the layers, such as a projection into the language model. */
export function matrix(prefix: string, name: string, output: number, input: number, bias: boolean): Tensor[] {
  return linear(name, output, input, bias).map(({ name: own, shape }) => single(prefix, own, ...shape));
}

export function oneNorm(prefix: string, name: string, width: number, kind: NormKind = "layer"): Tensor[] {
  return norm(name, kind, width).map(({ name: own, shape }) => single(prefix, own, ...shape));
}

/** The convolution that cuts an image into patches; `frames` of a video go into one. */
export function patches(
  prefix: string,
  hidden: number,
  patch: number,
  options: { channels?: number; frames?: number; bias?: boolean } = {},
): Tensor[] {
  const { channels = 3, frames = 1, bias = false } = options;
  return [
    single(prefix, "patch_embedding.weight", hidden, channels * frames, patch, patch),
    ...(bias ? [single(prefix, "patch_embedding.bias", hidden)] : []),
  ];
}

import type { AttentionTraits } from "./attention-part.js";
import { attentionPart, headsOf } from "./attention-part.js";
import { densePart } from "./feed-forward-part.js";
import type { Fields } from "./fields.js";
import { MOST, NAMES } from "./fields.js";
import type { NormKind, Part } from "./part.js";
import { joined, linear, norm, tensorsOfLayers } from "./part.js";
import type { Layer, ModelShape, Tensor } from "./shape.js";

/** How a family differs from Llama; a missing trait is as in Llama. */
export interface DecoderTraits {
  norm?: NormKind;
  /** Number of norms of the hidden size in a layer. */
  layerNorms?: number;
  finalNorm?: boolean;
  /** Used instead of hidden size / heads if the config gives no `head_dim`. */
  headDimDefault?: number;
  attention?: Partial<AttentionTraits>;
  window?: (layer: number) => number | undefined;
  /** Replaces attention from the fields above. */
  mixer?: (layer: number) => Part | undefined;
  gated?: boolean;
  feedForwardBias?: boolean;
  /** Replaces a dense block of the width in the config. */
  feedForward?: (layer: number) => Part | undefined;
  /** Whether the head shares the embedding, if the config does not say. */
  tied?: boolean;
  headBias?: boolean;
  embeddingDim?: number;
  /** Learned positions, projections and norms around the layers. */
  extra?: readonly Tensor[];
  /** Number of layers, if it is not a field of the config. */
  layers?: number;
  /** Words of the embedding, if it has more than the vocabulary. */
  vocabulary?: number;
  /** `tied` is from a field of the config, so that no default needs a note. */
  knowsTying?: boolean;
  /** The hidden size, if no field of the usual names gives it. */
  hiddenSize?: number;
}

/** Fields that have one entry for each layer; where the count is missing, their length is it. */
const BY_LAYER = [
  "layer_types",
  "layers_block_type",
  "attn_type_list",
  "block_configs",
  "hybrid_layer_pattern",
];

export function layersOf(fields: Fields): number {
  const stated = fields.maybeWhole(NAMES.layers, MOST.layers);
  if (stated !== undefined) return stated;
  const listed = fields.any(BY_LAYER)?.length ?? 0;
  if (listed < 1) return fields.whole(NAMES.layers, MOST.layers);
  if (listed > MOST.layers) throw fields.wrong(BY_LAYER, `a list of at most ${MOST.layers} layers`);
  return listed;
}

/** A stack of layers between an embedding and a head. */
export function decoder(fields: Fields, traits: DecoderTraits): ModelShape {
  const hiddenSize = traits.hiddenSize ?? fields.whole(NAMES.hidden);
  const vocabularySize = traits.vocabulary ?? fields.whole(NAMES.vocabulary);
  const count = traits.layers ?? layersOf(fields);
  const { norm: kind = "rms", layerNorms = 2, embeddingDim = hiddenSize } = traits;

  const mixer = traits.mixer ?? attentionOf(fields, hiddenSize, traits);
  const feedForward = traits.feedForward ?? denseOf(fields, hiddenSize, traits);
  const parts: Part[] = [];
  for (let layer = 0; layer < count; layer++) {
    const own = [mixer(layer), feedForward(layer)].filter((part) => part !== undefined);
    const norms = Array.from({ length: layerNorms }, (_, at) => norm(`norm_${at + 1}`, kind, hiddenSize));
    parts.push(joined([...own, { tensors: norms.flat() }]));
  }

  const tied = traits.knowsTying === true ? (traits.tied ?? false) : tiedOf(fields, traits.tied ?? false);
  const single = (name: string, ...shape: number[]): Tensor => ({ name, shape, copies: 1 });
  const finalNorm = traits.finalNorm === false ? [] : norm("norm", kind, hiddenSize);
  const maxPositions = fields.maybeWhole(NAMES.positions, MOST.positions);
  const dtype = fields.text(["dtype", "torch_dtype"]);
  return {
    family: fields.family,
    hiddenSize,
    vocabularySize,
    layers: parts.map(layerOf),
    tensors: [
      single("embed_tokens.weight", vocabularySize, embeddingDim),
      ...(traits.extra ?? []),
      ...tensorsOfLayers(parts, "layers"),
      ...finalNorm.map(({ name, shape }) => single(name, ...shape)),
      ...(tied ? [] : [single("lm_head.weight", vocabularySize, embeddingDim)]),
      ...(traits.headBias === true ? [single("lm_head.bias", vocabularySize)] : []),
    ],
    ...(dtype === undefined ? {} : { dtype }),
    ...(maxPositions === undefined ? {} : { maxPositions }),
    notes: fields.notes,
  };
}

/** The head has nearly a billion parameters in some models, so a default must not be silent. */
function tiedOf(fields: Fields, usual: boolean): boolean {
  const tied = fields.maybeFlag(["tie_word_embeddings", "share_input_output_layers", "tie_embedding"]);
  if (tied === undefined) fields.assume("tie_word_embeddings", usual);
  return tied ?? usual;
}

/** The same attention in every layer, except for its window. */
export function attentionOf(
  fields: Fields,
  hiddenSize: number,
  traits: Pick<DecoderTraits, "attention" | "headDimDefault" | "window">,
): (layer: number) => Part {
  const heads = { ...headsOf(fields, hiddenSize, traits.headDimDefault), ...traits.attention };
  return (layer) => attentionPart(hiddenSize, { ...heads, window: traits.window?.(layer) });
}

export function denseOf(
  fields: Fields,
  hiddenSize: number,
  traits: Pick<DecoderTraits, "gated" | "feedForwardBias">,
): (layer: number) => Part {
  const intermediate = fields.whole(NAMES.intermediate);
  const { gated = true, feedForwardBias: bias = false } = traits;
  return () => densePart(hiddenSize, intermediate, { gated, bias });
}

function layerOf({ attention, recurrence, feedForward }: Part): Layer {
  return {
    ...(attention === undefined ? {} : { attention }),
    ...(recurrence === undefined ? {} : { recurrence }),
    ...(feedForward === undefined ? {} : { feedForward }),
  };
}

export function outside(name: string, ...shape: number[]): Tensor {
  return { name, shape, copies: 1 };
}

export function outsideLinear(name: string, output: number, input: number): Tensor[] {
  return linear(name, output, input).map(({ name: full, shape }) => ({ name: full, shape, copies: 1 }));
}

import { attentionPart, headsOf } from "../attention-part.js";
import { decoder, layersOf, outside, outsideLinear } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { Part } from "../part.js";
import { joined, linear, norm } from "../part.js";
import type { ModelShape, Tensor } from "../shape.js";
import { KEEPS_NOTHING, classOf, uncached } from "./encoders.js";

function square(name: string, output: number, input: number): Tensor[] {
  return [...outsideLinear(name, output, input), outside(`${name}.bias`, output)];
}

/** An encoder of such layers: no cache, and the head for masked words shares the embedding. */
function encoder(
  fields: Fields,
  hiddenSize: number,
  traits: { layer: (layer: number) => Part; embeddingDim: number; extra: Tensor[] },
): ModelShape {
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const model = decoder(fields.with({ tie_word_embeddings: true, num_key_value_heads: heads }), {
    norm: "layer",
    layerNorms: 0,
    finalNorm: false,
    mixer: traits.layer,
    feedForward: () => undefined,
    embeddingDim: traits.embeddingDim,
    extra: traits.extra,
  });
  fields.known("tie_word_embeddings", "classifier_dropout", "classifier_dropout_prob", "hidden_dropout_prob");
  const dropped = fields.raw("attention_probs_dropout_prob") ?? 0.1;
  return {
    ...model,
    hiddenSize,
    ...(dropped === 0 ? {} : { hasAttentionDropout: true as const }),
    notes: [...model.notes, KEEPS_NOTHING],
  };
}

/** A count where files write -1 for none. */
function countOrNone(fields: Fields, name: string): number {
  return fields.raw(name) === -1 ? 0 : (fields.maybeWhole(name, MOST.positions, 0) ?? 0);
}

/** Positions relative to each token, as texts (`p2c|c2p`) or as a list. */
function positionKinds(fields: Fields): string[] {
  const value = fields.raw("pos_att_type");
  if (typeof value === "string") return value.toLowerCase().split("|");
  return Array.isArray(value) ? value.map((kind) => String(kind).toLowerCase()) : [];
}

/**
 * DeBERTa and DeBERTa-v2 (and v3, whose files say v2): content and position have scores of their own. Tensors as in
 * modeling_deberta.py and modeling_deberta_v2.py of transformers.
 */
function deberta(second: boolean): (fields: Fields) => ModelShape {
  return (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const embeddingDim = fields.maybeWhole("embedding_size") ?? hiddenSize;
    const heads = fields.whole(NAMES.heads, MOST.heads);
    const words = fields.whole(NAMES.vocabulary);
    const positions = fields.maybeWhole(NAMES.positions, MOST.positions) ?? 512;
    const headDim =
      (second ? fields.maybeWhole("attention_head_size", MOST.heads) : undefined) ??
      headsOf(fields.with({ num_key_value_heads: heads }), hiddenSize).headDim;
    const inner = heads * headDim;
    const relative = fields.flagOr("relative_attention", false);
    const shared = second && relative && fields.flagOr("share_att_key", false);
    const kinds = relative && !shared ? positionKinds(fields) : [];
    const farthest = countOrNone(fields, "max_relative_positions");
    const buckets = second ? countOrNone(fields, "position_buckets") : 0;
    const reach = buckets > 0 ? buckets : farthest > 0 ? farthest : positions;
    if (second && fields.has("conv_act") && !fields.has("conv_kernel_size"))
      fields.assume("conv_kernel_size", "no convolution");
    if (second && relative && !fields.has("position_buckets")) fields.assume("position_buckets", "none");
    const kernel = second ? (fields.maybeWhole("conv_kernel_size", MOST.heads, 0) ?? 0) : 0;
    const groups = fields.maybeWhole("conv_groups", MOST.heads) ?? 1;
    if (hiddenSize % groups !== 0) throw fields.wrong("conv_groups", `a divisor of ${hiddenSize}`);
    const normsPositions = second && /layer_norm/.test(fields.text("norm_rel_ebd") ?? "none");
    const segments = fields.maybeWhole("type_vocab_size", MOST.width, 0) ?? 0;
    const architecture = classOf(fields);
    fields.known(
      "share_att_key",
      "conv_act",
      "pooler_hidden_size",
      "pooler_dropout",
      "pooler_hidden_act",
      "legacy",
    );
    const own = uncached(
      attentionPart(hiddenSize, { heads, kvHeads: heads, headDim, qkvBias: true, outputBias: true }),
    );
    // The first DeBERTa has one matrix for queries, keys and values, and no bias for keys.
    const attention: Part = second
      ? own
      : { ...own, tensors: own.tensors.filter(({ name }) => name !== "self_attn.k_proj.bias") };
    const talks = !second && fields.flag("talking_head", false);
    const layer = joined([
      attention,
      {
        tensors: [
          ...(kinds.includes("c2p") ? linear("self_attn.pos_key_proj", inner, hiddenSize, second) : []),
          ...(kinds.includes("p2c") ? linear("self_attn.pos_query_proj", inner, hiddenSize, true) : []),
          ...(talks
            ? [
                ...linear("self_attn.head_logits", heads, heads),
                ...linear("self_attn.head_weights", heads, heads),
              ]
            : []),
          ...norm("norm_1", "layer", hiddenSize),
          ...norm("norm_2", "layer", hiddenSize),
        ],
      },
      densePart(hiddenSize, fields.whole(NAMES.intermediate), { gated: false, bias: true }),
    ]);
    const model = encoder(fields, hiddenSize, {
      layer: () => layer,
      embeddingDim,
      extra: [
        ...(fields.flagOr("position_biased_input", true)
          ? [outside("positions.weight", positions, embeddingDim)]
          : []),
        ...(segments > 0 ? [outside("token_type_embeddings.weight", segments, embeddingDim)] : []),
        ...(embeddingDim === hiddenSize ? [] : outsideLinear("embed_proj", hiddenSize, embeddingDim)),
        outside("embeddings.norm.weight", 2, hiddenSize),
        ...(relative ? [outside("encoder.rel_embeddings.weight", 2 * reach, hiddenSize)] : []),
        ...(normsPositions ? [outside("encoder.norm.weight", 2, hiddenSize)] : []),
        ...(kernel > 0
          ? [
              outside("encoder.conv.weight", hiddenSize, hiddenSize / groups, kernel),
              outside("encoder.conv.bias", hiddenSize),
              outside("encoder.conv.norm.weight", 2, hiddenSize),
            ]
          : []),
        ...(/MaskedLM/.test(architecture)
          ? [
              ...square("cls.transform", embeddingDim, hiddenSize),
              outside("cls.norm.weight", 2, embeddingDim),
              outside("cls.bias", words),
            ]
          : []),
        ...(/SequenceClassification/.test(architecture)
          ? square("pooler.dense", hiddenSize, hiddenSize)
          : []),
      ],
    });
    // Content and position are multiplied apart, which no fused kernel of transformers does.
    return relative ? { ...model, keepsScores: true } : model;
  };
}

/** ALBERT: groups of layers share their weights, and a narrow embedding is widened by a matrix. */
function albert(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const embeddingDim = fields.wholeOr("embedding_size", 128);
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const words = fields.whole(NAMES.vocabulary);
  const positions = fields.maybeWhole(NAMES.positions, MOST.positions) ?? 512;
  const segments = fields.maybeWhole("type_vocab_size", MOST.width, 0) ?? 2;
  const stored =
    (fields.maybeWhole("num_hidden_groups", MOST.layers) ?? 1) *
    (fields.maybeWhole("inner_group_num", MOST.layers) ?? 1);
  const architecture = classOf(fields);
  fields.known("net_structure_type", "gap_size", "num_memory_blocks", "down_scale_factor");
  const layer = joined([
    uncached(
      attentionPart(hiddenSize, {
        heads,
        kvHeads: heads,
        headDim: headsOf(fields.with({ num_key_value_heads: heads }), hiddenSize).headDim,
        qkvBias: true,
        outputBias: true,
      }),
    ),
    { tensors: ["norm_1", "norm_2"].flatMap((name) => norm(name, "layer", hiddenSize)) },
    densePart(hiddenSize, fields.whole(NAMES.intermediate), { gated: false, bias: true }),
  ]);
  const again: Part = { ...layer, tensors: [] };
  if (stored < layersOf(fields))
    fields.notes.push(
      `The ${layersOf(fields)} layers share the weights of ${stored}: they are counted once, their activations in each layer.`,
    );
  return encoder(fields, hiddenSize, {
    layer: (at) => (at < stored ? layer : again),
    embeddingDim,
    extra: [
      outside("positions.weight", positions, embeddingDim),
      ...(segments > 0 ? [outside("token_type_embeddings.weight", segments, embeddingDim)] : []),
      outside("embeddings.norm.weight", 2, embeddingDim),
      ...square("embedding_hidden_mapping_in", hiddenSize, embeddingDim),
      ...(/MaskedLM|PreTraining/.test(architecture)
        ? [
            ...square("predictions.dense", embeddingDim, hiddenSize),
            outside("predictions.norm.weight", 2, embeddingDim),
            outside("predictions.bias", words),
          ]
        : []),
      ...(/^$|Model$|PreTraining|SequenceClassification|MultipleChoice/.test(architecture)
        ? square("pooler", hiddenSize, hiddenSize)
        : []),
      ...(/PreTraining/.test(architecture) ? square("sop_classifier", 2, hiddenSize) : []),
    ],
  });
}

export const DISENTANGLED: Record<string, (fields: Fields) => ModelShape> = {
  deberta: deberta(false),
  deberta_v2: deberta(true),
  albert,
};

import { attentionPart, headsOf, latentAttentionPart } from "../attention-part.js";
import type { DecoderTraits } from "../decoder.js";
import { decoder, layersOf } from "../decoder.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import { densePart } from "../feed-forward-part.js";
import { WINDOW } from "../layer-types.js";
import type { Part } from "../part.js";
import type { ModelShape } from "../shape.js";
import { hasExperts, mixture } from "./mixture.js";

const QKV_BIAS = ["attention_bias", "qkv_bias", "use_qkv_bias", "add_qkv_bias", "use_bias", "bias"];
const QK_NORM = ["use_qk_norm", "qk_norm", "qk_layernorm", "use_qk_layernorm"];
const SLIDING = /sliding|local|window|swa/;
/** Widths of dense blocks; some families have names of their own. */
export const WIDTH = [...NAMES.intermediate, "mlp_hidden_size"];
const RECURRENT = /linear|mamba|recurrent|conv|ssm|kda|lightning|rwkv|delta/;

/** Words for a head that is the embedding. */
const TYING = [
  "tie_word_embeddings",
  "share_embedding",
  "weight_tying",
  "share_input_output_layers",
  "tie_embedding",
];
/** Words for the width of an embedding that a matrix widens to the hidden size. */
const NARROW = ["embedding_size", "word_embed_proj_dim", "embedding_dim", "factorized_embedding_size"];
/**
 * Blocks that are wider than so many hidden sizes may name both input matrices of a gated block as one width:
 * Molmo and OLMo do. Blocks of the known families reach 5.4 (8 in Gemma) with each input named alone, 4 where
 * there is one input.
 */
const PACKED_FROM = 5.3;

/** Activations that exist only between two input matrices, or nearly so. */
const GATING = /silu|swish|glu/;

/**
 * A decoder of an architecture without a reader, from what its config states: layers, hidden size, heads, widths and
 * experts mean the same in nearly all of them. What the config names beyond that is listed as not counted. The result
 * is told as a lower bound, so what the config leaves open is counted as the smaller of the two: two matrices in a
 * block, a head that shares the embedding, no block in layers with a state.
 */
export function unknownDecoder(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const layers = layersOf(fields);
  const { mixer, recurrent, isRecurrent } = attentionLayers(fields, hiddenSize, layers);
  if (recurrent > 0) {
    fields.notes.push(
      `${recurrent} layers keep a state of fixed size in place of keys and values; neither their weights nor that state are in the figures.`,
    );
  }
  const gated = isGated(fields);
  const block = hasExperts(fields) ? mixture(fields, { gated }) : blocks(fields, hiddenSize, layers, gated);
  const traits: DecoderTraits = {
    mixer,
    feedForward: (layer) => (isRecurrent(layer) ? undefined : block(layer)),
    ...embeddingOf(fields, hiddenSize),
  };
  return decoder(fields, traits);
}

/** The head shares the embedding if any word says so, or none says anything. */
function embeddingOf(
  fields: Fields,
  hiddenSize: number,
): Pick<DecoderTraits, "tied" | "knowsTying" | "embeddingDim"> {
  const said = TYING.map((name) => fields.maybeFlag(name)).filter((flag) => flag !== undefined);
  // A name such as embedding_size is the vocabulary in other configs.
  const [narrow] = NARROW.map((name) => fields.raw(name)).filter(
    (width): width is number => typeof width === "number" && width > 0 && width < hiddenSize,
  );
  return {
    ...(said.length === 0 ? { tied: true } : { tied: said.includes(true), knowsTying: true }),
    ...(narrow === undefined ? {} : { embeddingDim: narrow }),
  };
}

function isGated(fields: Fields): boolean {
  const named = fields.raw([
    "hidden_act",
    "hidden_activation",
    "activation_function",
    "activation_type",
    "mlp_hidden_act",
  ]);
  if (typeof named === "string") return GATING.test(named.toLowerCase());
  fields.assume("hidden_act", "a block of two matrices");
  return false;
}

/** Dense blocks of the width in the config, or of the widths where it has one for each layer. */
function blocks(fields: Fields, hiddenSize: number, layers: number, gated: boolean): (layer: number) => Part {
  const listed = fields.any(WIDTH) === undefined ? undefined : fields.list(WIDTH, layers);
  const widths = listed === undefined ? [] : fields.wholes(WIDTH);
  const one = listed === undefined ? fields.whole(WIDTH) : 0;
  return (layer) => {
    const width = widths[layer] ?? one;
    if (width <= PACKED_FROM * hiddenSize) return densePart(hiddenSize, width, { gated });
    // As one matrix in and half a matrix out, which is what a gated block of half the width has.
    return densePart(hiddenSize, Math.floor(width / 2), { gated: true });
  };
}

function attentionLayers(
  fields: Fields,
  hiddenSize: number,
  layers: number,
): {
  mixer: (layer: number) => Part | undefined;
  recurrent: number;
  isRecurrent: (layer: number) => boolean;
} {
  const types = typesOf(fields, layers);
  const isRecurrent = (layer: number): boolean => types(layer) === "recurrent";
  const recurrent = Array.from({ length: layers }, (_, layer) => types(layer)).filter(
    (type) => type === "recurrent",
  );
  if (fields.has("kv_lora_rank") && fields.maybeFlag("use_mla") !== false && fields.has("qk_rope_head_dim")) {
    const latent = latentAttentionPart(fields, hiddenSize);
    return {
      mixer: (layer) => (isRecurrent(layer) ? undefined : latent),
      recurrent: recurrent.length,
      isRecurrent,
    };
  }
  const usual = headsOf(fields, hiddenSize);
  const perLayer =
    fields.any("num_attention_heads_per_layer") === undefined
      ? []
      : fields.wholes("num_attention_heads_per_layer");
  const outputRank = fields.maybeWhole("o_lora_rank");
  const groups = fields.maybeWhole("o_groups", MOST.heads) ?? 1;
  const attention = (window: number | undefined, heads: number): Part =>
    attentionPart(hiddenSize, {
      ...usual,
      heads,
      valueDim: fields.maybeWhole("v_head_dim", MOST.heads) ?? usual.headDim,
      qkvBias: fields.maybeFlag(QKV_BIAS) ?? false,
      queryKeyNorm: fields.maybeFlag(QK_NORM) === true ? "head" : undefined,
      queryRank: fields.maybeWhole("q_lora_rank"),
      outputRank: outputRank === undefined ? undefined : { groups, rank: outputRank },
      window,
    });
  return {
    recurrent: recurrent.length,
    isRecurrent,
    mixer: (layer) => {
      const type = types(layer);
      if (type === "recurrent") return undefined;
      const window = type === "sliding" ? fields.maybeWhole(WINDOW, MOST.positions) : undefined;
      return attention(window, perLayer[layer] ?? usual.heads);
    },
  };
}

/** What `layer_types` says of each layer; without it, all layers see all tokens. */
function typesOf(fields: Fields, layers: number): (layer: number) => "full" | "sliding" | "recurrent" {
  const list = fields.listOrEmpty(["layer_types", "layers_block_type"], layers);
  if (list === undefined) {
    if (fields.has(WINDOW))
      fields.notes.push(
        "The config has a window but does not say which layers have it: all are counted as seeing all tokens.",
      );
    return () => "full";
  }
  return (layer) => {
    const word = String(list[layer]).toLowerCase();
    return SLIDING.test(word) ? "sliding" : RECURRENT.test(word) ? "recurrent" : "full";
  };
}

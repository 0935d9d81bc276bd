import type { Fields } from "./fields.js";
import { MOST, NAMES } from "./fields.js";
import type { NormKind, Part } from "./part.js";
import { linear, norm } from "./part.js";

export interface AttentionTraits {
  heads: number;
  kvHeads: number;
  headDim: number;
  window?: number | undefined;
  /** Biases of queries, keys and values. */
  qkvBias?: boolean;
  outputBias?: boolean;
  /**
   * Norms of queries and keys: as wide as one head and shared by all heads, or as wide as all heads together.
   */
  queryKeyNorm?: "head" | "all-heads" | undefined;
  queryKeyNormKind?: NormKind;
  /** The query projection also makes a gate of its own size (Qwen3-Next). */
  gated?: boolean;
  /** Values equal keys and have no matrix of their own (Gemma 4). The cache still holds both. */
  valuesAreKeys?: boolean;
  /** Keys and values come from an earlier layer. */
  sharesCache?: boolean;
  /** One learned logit for each head (gpt-oss). */
  sinks?: boolean;
  /** Width of a value, if it is not that of a key. */
  valueDim?: number;
  /** A matrix that makes a gate for the output: one number for each head, or as wide as the output. */
  gate?: "head" | "output" | undefined;
  /** The query matrix as a product of two with this many numbers between them. */
  queryRank?: number | undefined;
  /** The output matrix in groups, each a product of two (DeepSeek-V4). */
  outputRank?: { groups: number; rank: number } | undefined;
}

/**
 * Heads of the config, checked for consistency. Without a number of key/value heads it equals the number of
 * query heads.
 */
export function headsOf(fields: Fields, hiddenSize: number, headDimDefault?: number): AttentionTraits {
  const heads = fields.whole(NAMES.heads, MOST.heads);
  let kvHeads = fields.maybeWhole(NAMES.kvHeads, MOST.heads);
  if (kvHeads === undefined) {
    kvHeads = heads;
    if (!fields.states(NAMES.kvHeads)) fields.assume(NAMES.kvHeads, heads);
  }
  if (heads % kvHeads !== 0) {
    throw fields.wrong(NAMES.kvHeads, `a divisor of the ${heads.toLocaleString("en-US")} query heads`);
  }
  let headDim = fields.maybeWhole(NAMES.headDim, MOST.heads);
  if (headDim === undefined && headDimDefault !== undefined) {
    fields.assume(NAMES.headDim, headDimDefault);
    headDim = headDimDefault;
  }
  if (headDim === undefined) {
    if (hiddenSize % heads !== 0) {
      throw fields.wrong(
        NAMES.heads,
        `a divisor of the hidden size ${hiddenSize.toLocaleString("en-US")}, or head_dim to be given`,
      );
    }
    headDim = hiddenSize / heads;
  }
  return { heads, kvHeads, headDim };
}

/** Attention with its own keys and values: multi-head, grouped-query and multi-query. */
export function attentionPart(hiddenSize: number, traits: AttentionTraits): Part {
  const { heads, kvHeads, headDim, window, qkvBias = false, outputBias = false } = traits;
  const { valueDim = headDim, queryRank, outputRank, gate } = traits;
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  const values = kvHeads * valueDim;
  const output = heads * valueDim;
  const kind = traits.queryKeyNormKind ?? "rms";
  const own = traits.sharesCache !== true;
  const normed = (name: string, width: number): Part["tensors"] => {
    if (traits.queryKeyNorm === undefined) return [];
    return norm(`self_attn.${name}_norm`, kind, traits.queryKeyNorm === "head" ? headDim : width);
  };
  return {
    attention: {
      heads,
      kvHeads,
      keyDim: headDim,
      valueDim,
      ...(window === undefined ? {} : { window }),
      ...(own ? {} : { sharesCache: true }),
    },
    tensors: [
      ...(queryRank === undefined
        ? linear("self_attn.q_proj", traits.gated === true ? 2 * queries : queries, hiddenSize, qkvBias)
        : [
            ...linear("self_attn.q_a_proj", queryRank, hiddenSize, qkvBias),
            ...norm("self_attn.q_a_layernorm", "rms", queryRank),
            ...linear("self_attn.q_b_proj", queries, queryRank),
          ]),
      ...normed("q", queries),
      ...(own ? linear("self_attn.k_proj", keys, hiddenSize, qkvBias) : []),
      ...(own ? normed("k", keys) : []),
      ...(own && traits.valuesAreKeys !== true
        ? linear("self_attn.v_proj", values, hiddenSize, qkvBias)
        : []),
      ...(outputRank === undefined
        ? linear("self_attn.o_proj", hiddenSize, output, outputBias)
        : [
            ...linear("self_attn.o_a_proj", outputRank.groups * outputRank.rank, output / outputRank.groups),
            ...linear("self_attn.o_b_proj", hiddenSize, outputRank.groups * outputRank.rank, outputBias),
          ]),
      ...(gate === undefined ? [] : linear("self_attn.g_proj", gate === "head" ? heads : output, hiddenSize)),
      ...(traits.sinks === true ? [{ name: "self_attn.sinks", shape: [heads] }] : []),
    ],
  };
}

/**
 * Multi-head latent attention of DeepSeek. The cache holds for each token one compressed vector and one
 * rotated key for all heads; each layer computes keys and values from them.
 */
export function latentAttentionPart(fields: Fields, hiddenSize: number, valueDefault?: number): Part {
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const latent = fields.whole("kv_lora_rank");
  const rotated = fields.whole("qk_rope_head_dim", MOST.heads);
  const plain = fields.whole("qk_nope_head_dim", MOST.heads);
  const valueDim =
    valueDefault === undefined
      ? fields.whole("v_head_dim", MOST.heads)
      : fields.wholeOr("v_head_dim", valueDefault, MOST.heads);
  const queryRank = fields.maybeWhole("q_lora_rank");
  if (!fields.states("q_lora_rank")) fields.assume("q_lora_rank", "none");
  const bias = fields.flag("attention_bias", false);
  const keyDim = plain + rotated;
  // Latent attention has as many keys as queries, and the widths above decide over head_dim.
  fields.known("num_key_value_heads", "head_dim", "qk_head_dim", "qk_head_nope_dim", "use_mla");
  return {
    attention: { heads, kvHeads: heads, keyDim, valueDim, latentDim: latent + rotated },
    tensors: [
      ...(queryRank === undefined
        ? linear("self_attn.q_proj", heads * keyDim, hiddenSize)
        : [
            ...linear("self_attn.q_a_proj", queryRank, hiddenSize, bias),
            ...norm("self_attn.q_a_layernorm", "rms", queryRank),
            ...linear("self_attn.q_b_proj", heads * keyDim, queryRank),
          ]),
      ...linear("self_attn.kv_a_proj_with_mqa", latent + rotated, hiddenSize, bias),
      ...norm("self_attn.kv_a_layernorm", "rms", latent),
      ...linear("self_attn.kv_b_proj", heads * (plain + valueDim), latent),
      ...linear("self_attn.o_proj", hiddenSize, heads * valueDim, bias),
    ],
  };
}

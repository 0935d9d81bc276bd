import type { DecoderTraits } from "../decoder.js";
import { decoder, denseOf, layersOf } from "../decoder.js";
import { latentAttentionPart } from "../attention-part.js";
import type { ExpertTraits } from "../feed-forward-part.js";
import { densePart, expertsPart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import { everyFull, everywhere, qwenWindows, windows } from "../layer-types.js";
import type { Part } from "../part.js";
import { joined, linear, norm } from "../part.js";
import type { ModelShape } from "../shape.js";

type FeedForward = NonNullable<DecoderTraits["feedForward"]>;

/** Number of experts, and how many of them each token uses. */
export function expertCounts(fields: Fields): Pick<ExpertTraits, "experts" | "expertsPerToken"> {
  const experts = fields.whole(NAMES.experts, MOST.experts);
  const expertsPerToken = fields.whole(NAMES.expertsPerToken, MOST.experts);
  if (expertsPerToken > experts) throw fields.wrong(NAMES.expertsPerToken, `at most the ${experts} experts`);
  return { experts, expertsPerToken };
}

/** Families that also have dense blocks use a separate field for the width of experts. */
function expertTraits(fields: Fields, width = "moe_intermediate_size"): ExpertTraits {
  return { ...expertCounts(fields), intermediate: fields.whole(width) };
}

/** The same experts in every layer. */
function everywhereExperts(fields: Fields, traits: Partial<ExpertTraits> = {}): FeedForward {
  const part = expertsPart(fields.whole(NAMES.hidden), {
    ...expertTraits(fields, "intermediate_size"),
    ...traits,
  });
  return () => part;
}

/** Qwen: experts in every `decoder_sparse_step`-th layer, except those of `mlp_only_layers`. */
export function qwenFeedForward(fields: Fields, hasShared: boolean): FeedForward {
  const step = fields.maybeWhole("decoder_sparse_step", MOST.layers) ?? 1;
  const denseLayers = new Set(fields.wholes("mlp_only_layers"));
  const experts = fields.whole(NAMES.experts, MOST.experts, 0);
  const isDense = (layer: number): boolean =>
    experts === 0 || denseLayers.has(layer) || (layer + 1) % step !== 0;
  const shared = hasShared ? fields.whole("shared_expert_intermediate_size", MOST.width, 0) : 0;
  return mixed(
    fields,
    isDense,
    () => ({ ...expertTraits(fields), shared, sharedGate: shared > 0 }),
    () => fields.whole(NAMES.intermediate),
  );
}

function deepseekFeedForward(fields: Fields, choiceBias: boolean): FeedForward {
  // null means that there are no experts: a small model of the same code, dense in all layers.
  const hasExperts = fields.wholeOrNull(["n_routed_experts", "num_experts"], MOST.experts) !== undefined;
  const first = hasExperts ? fields.whole("first_k_dense_replace", MOST.layers, 0) : 0;
  const step = fields.maybeWhole("moe_layer_freq", MOST.layers) ?? 1;
  const isDense = (layer: number): boolean => !hasExperts || layer < first || layer % step !== 0;
  return mixed(
    fields,
    isDense,
    () => {
      const intermediate = fields.whole("moe_intermediate_size");
      const shared = fields.wholeOrNull("n_shared_experts", MOST.experts, 0) ?? 0;
      return { ...expertTraits(fields), intermediate, shared: shared * intermediate, choiceBias };
    },
    () => fields.whole("intermediate_size"),
  );
}

/** Reads the fields of a kind of layer only if the model has such layers. */
function mixed(
  fields: Fields,
  isDense: (layer: number) => boolean,
  experts: () => ExpertTraits,
  intermediate: () => number,
): FeedForward {
  const hiddenSize = fields.whole(NAMES.hidden);
  let densely: Part | undefined;
  let sparsely: Part | undefined;
  return (layer) =>
    isDense(layer)
      ? (densely ??= densePart(hiddenSize, intermediate()))
      : (sparsely ??= expertsPart(hiddenSize, experts()));
}

type Traits = (fields: Fields) => DecoderTraits;

const mixtral: Traits = (fields) => ({
  window: everywhere(fields),
  feedForward: everywhereExperts(fields),
});

const qwen3Moe: Traits = (fields) => {
  const bias = fields.flag("attention_bias", false);
  return {
    attention: { qkvBias: bias, outputBias: bias, queryKeyNorm: "head" },
    headDimDefault: 128,
    window: qwenWindows(fields),
    feedForward: qwenFeedForward(fields, false),
  };
};

const glm4Moe: Traits = (fields) => ({
  attention: {
    qkvBias: fields.flag("attention_bias", false),
    queryKeyNorm: fields.flag("use_qk_norm", false) ? "head" : undefined,
  },
  headDimDefault: 128,
  feedForward: deepseekFeedForward(fields, true),
});

/**
 * Attention that caches one latent vector per token. The way to choose experts differs between generations.
 */
function latent(choiceBias: boolean): Traits {
  return (fields) => {
    // The code of DeepSeek-V2 is also used without latents: `use_mla` false, or no rank of them.
    if (
      fields.maybeFlag("use_mla") === false ||
      (fields.states("kv_lora_rank") && !fields.has("kv_lora_rank"))
    ) {
      fields.known("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "q_lora_rank");
      return { feedForward: deepseekFeedForward(fields, choiceBias) };
    }
    const part = latentAttentionPart(fields, fields.whole(NAMES.hidden));
    return { mixer: () => part, feedForward: deepseekFeedForward(fields, choiceBias) };
  };
}

/** DeepSeek-V3.2 selects the tokens to look at with a small second attention, whose keys are cached too. */
const deepseekV32: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const base = latentAttentionPart(fields, hiddenSize);
  const heads = fields.whole("index_n_heads", MOST.heads);
  const headDim = fields.whole("index_head_dim", MOST.heads);
  const part = joined([
    base,
    {
      tensors: [
        ...linear("self_attn.indexer.wq_b", heads * headDim, fields.whole("q_lora_rank")),
        ...linear("self_attn.indexer.wk", headDim, hiddenSize),
        ...norm("self_attn.indexer.k_norm", "layer", headDim),
        ...linear("self_attn.indexer.weights_proj", heads, hiddenSize),
      ],
    },
  ]);
  fields.notes.push(
    `The indexer caches ${headDim} more numbers a token and layer, usually in fp8; they are not in the figures.`,
  );
  return { mixer: () => part, feedForward: deepseekFeedForward(fields, true) };
};

const TRAITS: Record<string, Traits> = {
  mixtral,
  qwen2_moe: (fields) => ({
    attention: { qkvBias: fields.flag("qkv_bias", true) },
    window: qwenWindows(fields),
    feedForward: qwenFeedForward(fields, true),
  }),
  qwen3_moe: qwen3Moe,
  qwen3_vl_moe: qwen3Moe,
  qwen3_omni_moe: qwen3Moe,
  olmoe: (fields) => ({
    attention: { queryKeyNorm: "all-heads" },
    feedForward: everywhereExperts(fields),
  }),
  granitemoe: (fields) => ({ feedForward: everywhereExperts(fields, { fused: true }) }),
  granitemoeshared: (fields) => ({
    feedForward: everywhereExperts(fields, { shared: fields.whole("shared_intermediate_size"), fused: true }),
  }),
  phimoe: (fields) => {
    const bias = fields.flag("attention_bias", false);
    return {
      norm: "layer",
      attention: { qkvBias: bias, outputBias: bias },
      window: everywhere(fields),
      feedForward: everywhereExperts(fields),
      headBias: fields.flag("lm_head_bias", false),
    };
  },
  gpt_oss: (fields) => {
    const bias = fields.flag("attention_bias", true);
    return {
      attention: { qkvBias: bias, outputBias: bias, sinks: true },
      headDimDefault: 64,
      window: everyFull(fields, 2),
      feedForward: everywhereExperts(fields, { bias: true, routerBias: true, fused: true }),
    };
  },
  minimax_m2: (fields) => ({
    attention: { queryKeyNorm: fields.flag("use_qk_norm", true) ? "all-heads" : undefined },
    feedForward: everywhereExperts(fields, { choiceBias: true }),
  }),
  glm4_moe: glm4Moe,
  glm4v_moe: glm4Moe,
  dots1: (fields) => ({
    attention: { queryKeyNorm: "head" },
    window: everywhere(fields),
    feedForward: deepseekFeedForward(fields, true),
  }),
  deepseek: (fields) => ({ feedForward: deepseekFeedForward(fields, false) }),
  deepseek_v2: latent(false),
  deepseek_v3: latent(true),
  kimi_k2: latent(true),
  kimi_k25: latent(true),
  kimi_vl: latent(true),
  mistral4: latent(false),
  glm4_moe_lite: latent(true),
  deepseek_v32: deepseekV32,
  glm_moe_dsa: deepseekV32,
  llama4: (fields) => {
    const intermediate = fields.whole("intermediate_size");
    const step = fields.maybeWhole("interleave_moe_layer_step", MOST.layers) ?? 1;
    const named = fields.wholes("moe_layers");
    const isDense = (layer: number): boolean =>
      named.length > 0 ? !named.includes(layer) : (layer + 1) % step !== 0;
    const chunked = fields.wholeOrNull("attention_chunk_size", MOST.positions) !== undefined;
    const unrotated = fields.maybeWhole("no_rope_layer_interval", MOST.layers) ?? 4;
    const rotated = fields.listOrEmpty("no_rope_layers", layersOf(fields));
    fields.known("use_qk_norm");
    // 1 in `no_rope_layers` means that the layer has rotary positions, and therefore a chunk.
    const isChunked = (layer: number): boolean =>
      chunked &&
      (rotated === undefined || rotated.length === 0 ? (layer + 1) % unrotated !== 0 : rotated[layer] === 1);
    return {
      headDimDefault: 128,
      window: windows(fields, (layer) => (isChunked(layer) ? "chunked" : "full")),
      feedForward: mixed(
        fields,
        isDense,
        () => ({ ...expertTraits(fields, "intermediate_size"), shared: intermediate, fused: true }),
        () => fields.whole("intermediate_size_mlp"),
      ),
    };
  },
};

export const EXPERTS: Record<string, (fields: Fields) => ModelShape> = Object.fromEntries(
  Object.entries(TRAITS).map(([family, traits]) => [
    family,
    (fields: Fields) => decoder(fields, traits(fields)),
  ]),
);

/** Dense blocks if the config names no experts; otherwise experts in every layer with one shared block. */
export function maybeExperts(fields: Fields, sharedName: string): FeedForward {
  const hiddenSize = fields.whole(NAMES.hidden);
  const experts = fields.maybeWhole(NAMES.experts, MOST.experts, 0) ?? 0;
  const shared = fields.maybeWhole(sharedName, MOST.width, 0) ?? 0;
  if (experts > 0) return everywhereExperts(fields, { shared, fused: true });
  if (shared === 0) return denseOf(fields, hiddenSize, {});
  const part = densePart(hiddenSize, shared);
  return () => part;
}

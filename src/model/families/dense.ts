import { headsOf } from "../attention-part.js";
import { decoder, layersOf, outside, outsideLinear } from "../decoder.js";
import type { DecoderTraits } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { NAMES } from "../fields.js";
import { everyFull, everywhere, qwenWindows } from "../layer-types.js";
import type { ModelShape } from "../shape.js";
import { hasExperts, mixture } from "./mixture.js";

type Traits = (fields: Fields) => DecoderTraits;

const llama: Traits = (fields) => {
  const bias = fields.flag(["attention_bias", "bias"], false);
  return {
    attention: { qkvBias: bias, outputBias: bias },
    feedForwardBias: fields.flag("mlp_bias", false),
    ...(fields.has("sliding_window") && fields.has("layer_types") ? { window: everywhere(fields) } : {}),
  };
};

const qwen2: Traits = (fields) => ({ attention: { qkvBias: true }, window: qwenWindows(fields) });

const mistral: Traits = (fields) => ({ window: everywhere(fields) });

const glm: Traits = (fields) => ({
  attention: { qkvBias: fields.flag("attention_bias", false) },
  headDimDefault: 128,
});

const glm4: Traits = (fields) => ({ ...glm(fields), layerNorms: 4 });

const cohere: Traits = (fields) => {
  const bias = fields.flag("attention_bias", false);
  return {
    norm: "layer-without-bias",
    layerNorms: 1,
    attention: {
      qkvBias: bias,
      outputBias: bias,
      queryKeyNorm: fields.flag("use_qk_norm", false) ? "all-heads" : undefined,
      queryKeyNormKind: "layer-without-bias",
    },
    tied: true,
  };
};

/** Families that equal Llama except for biases, norms and windows. */
const LIKE_LLAMA: Record<string, Traits> = {
  llama,
  yi: llama,
  internlm: (fields) => ({ ...llama(fields), attention: both(fields.flag("bias", true)) }),
  internlm2: llama,
  internlm3: (fields) => ({
    attention: { qkvBias: fields.flag("qkv_bias", false), outputBias: fields.flag("bias", false) },
    feedForwardBias: fields.flag("bias", false),
  }),
  baichuan: llama,
  exaone: llama,
  xverse: llama,
  granite: llama,
  minicpm: (fields) => ({ ...llama(fields), tied: true }),
  smollm3: (fields) => ({ ...llama(fields), tied: true }),
  helium: (fields) => ({ ...llama(fields), headDimDefault: 128 }),
  arcee: (fields) => ({ ...llama(fields), gated: false }),
  mistral,
  ministral: mistral,
  ministral3: mistral,
  phi3: mistral,
  phi3_v: mistral,
  qwen: (fields) => {
    const bias = !fields.flag("no_bias", true);
    const hiddenSize = fields.whole(NAMES.hidden);
    // The intermediate size in the file counts gate and up together.
    const intermediate = fields.whole(NAMES.intermediate) / 2;
    if (!Number.isInteger(intermediate)) throw fields.wrong(NAMES.intermediate, "an even number");
    return {
      attention: { qkvBias: true, outputBias: bias },
      feedForward: () => densePart(hiddenSize, intermediate, { bias }),
    };
  },
  qwen2,
  dream: (fields) => {
    fields.notes.push(KEEPS_NO_CACHE);
    return qwen2(fields);
  },
  qwen2_vl: qwen2,
  qwen2_5_vl: qwen2,
  qwen2_5_omni: qwen2,
  qwen3: (fields) => ({
    attention: { ...both(fields.flag("attention_bias", false)), queryKeyNorm: "head" },
    headDimDefault: 128,
    window: qwenWindows(fields),
  }),
  seed_oss: (fields) => ({
    attention: {
      qkvBias: fields.flag("attention_bias", true),
      outputBias: fields.flag("attention_out_bias", false),
    },
    feedForwardBias: fields.flag("mlp_bias", false),
    headDimDefault: 128,
  }),
  ernie4_5: (fields) => {
    const bias = fields.flag("use_bias", false);
    return { attention: both(bias), feedForwardBias: bias, headDimDefault: 128, tied: true };
  },
  hunyuan_v1_dense: (fields) => ({
    attention: { ...both(fields.flag("attention_bias", false)), queryKeyNorm: "head" },
  }),
  glm,
  glm4,
  glm4v: glm4,
  gemma: () => ({ headDimDefault: 256, tied: true }),
  gemma2: (fields) => ({
    layerNorms: 4,
    attention: both(fields.flag("attention_bias", false)),
    headDimDefault: 256,
    tied: true,
    window: everyFull(fields, 2),
  }),
  gemma3: (fields) => ({
    layerNorms: 4,
    attention: { ...both(fields.flag("attention_bias", false)), queryKeyNorm: "head" },
    headDimDefault: 256,
    tied: true,
    window: everyFull(fields, fields.maybeWhole(["sliding_window_pattern", "_sliding_window_pattern"]) ?? 6),
  }),
  olmo: (fields) => ({ ...llama(fields), norm: "none" }),
  olmo2: (fields) => ({
    attention: { ...both(fields.flag("attention_bias", false)), queryKeyNorm: "all-heads" },
  }),
  olmo3: (fields) => ({
    attention: { ...both(fields.flag("attention_bias", false)), queryKeyNorm: "all-heads" },
    window: everyFull(fields, 4),
  }),
  exaone4: (fields) => ({ attention: { queryKeyNorm: "head" }, window: everyFull(fields, 4) }),
  cohere,
  cohere2: (fields) => ({
    ...cohere(fields),
    window: everyFull(fields, fields.maybeWhole(["sliding_window_pattern", "_sliding_window_pattern"]) ?? 4),
  }),
  starcoder2: (fields) => {
    const bias = fields.flag("use_bias", true);
    return {
      norm: "layer",
      attention: both(bias),
      gated: false,
      feedForwardBias: bias,
      tied: true,
      window: everywhere(fields),
    };
  },
  stablelm: (fields) => ({
    norm: "layer",
    layerNorms: fields.flag("use_parallel_residual", false) ? 1 : 2,
    attention: {
      qkvBias: fields.flag("use_qkv_bias", false),
      queryKeyNorm: fields.flag("qk_layernorm", false) ? "all-heads" : undefined,
      queryKeyNormKind: "layer-without-bias",
    },
  }),
  nemotron: (fields) => ({
    norm: "layer",
    attention: both(fields.flag("attention_bias", false)),
    gated: false,
    feedForwardBias: fields.flag("mlp_bias", false),
  }),
};

const KEEPS_NO_CACHE =
  "A diffusion language model writes all places of an answer again and again: most runtimes keep no cache for it.";

function both(bias: boolean): { qkvBias: boolean; outputBias: boolean } {
  return { qkvBias: bias, outputBias: bias };
}

/** Two matrices of width `n_inner`; the default is four times the hidden size. */
function fourfold(fields: Fields, bias: boolean): NonNullable<DecoderTraits["feedForward"]> {
  const hiddenSize = fields.whole(NAMES.hidden);
  const intermediate = fields.maybeWhole(NAMES.intermediate) ?? 4 * hiddenSize;
  return () => densePart(hiddenSize, intermediate, { gated: false, bias });
}

function learnedPositions(fields: Fields, offset = 0): DecoderTraits["extra"] {
  return [outside("positions.weight", fields.whole(NAMES.positions) + offset, fields.whole(NAMES.hidden))];
}

/** Families before Llama: layer norms with biases, two-matrix blocks, often learned positions. */
const BEFORE_LLAMA: Record<string, Traits> = {
  gpt2: (fields) => ({
    norm: "layer",
    attention: both(true),
    feedForward: fourfold(fields, true),
    tied: true,
    ...extra(learnedPositions(fields)),
  }),
  gpt_neo: (fields) => ({
    norm: "layer",
    attention: { qkvBias: false, outputBias: true },
    feedForward: fourfold(fields, true),
    tied: true,
    ...extra(learnedPositions(fields)),
  }),
  gpt_bigcode: (fields) => ({
    norm: "layer",
    attention: { ...both(true), ...(fields.flagOr("multi_query", true) ? { kvHeads: 1 } : {}) },
    feedForward: fourfold(fields, true),
    tied: true,
    ...extra(learnedPositions(fields)),
  }),
  gptj: (fields) => ({ norm: "layer", layerNorms: 1, feedForward: fourfold(fields, true), headBias: true }),
  codegen: (fields) => ({
    norm: "layer",
    layerNorms: 1,
    feedForward: fourfold(fields, true),
    headBias: true,
  }),
  gpt_neox: (fields) => ({
    norm: "layer",
    attention: both(fields.flag("attention_bias", true)),
    gated: false,
    feedForwardBias: true,
  }),
  phi: (fields) => ({
    norm: "layer",
    layerNorms: 1,
    attention: {
      ...both(true),
      queryKeyNorm: fields.flag("qk_layernorm", false) ? "head" : undefined,
      queryKeyNormKind: "layer",
    },
    gated: false,
    feedForwardBias: true,
    headBias: true,
  }),
  bloom: (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    return {
      norm: "layer",
      attention: both(true),
      feedForward: () => densePart(hiddenSize, 4 * hiddenSize, { gated: false, bias: true }),
      tied: true,
      extra: [outside("embed_norm.weight", hiddenSize), outside("embed_norm.bias", hiddenSize)],
    };
  },
  falcon: (fields) => {
    const grouped = fields.flagOr("new_decoder_architecture", false);
    const bias = fields.flag("bias", false);
    const parallel = grouped || fields.flag("parallel_attn", true);
    const inParallel = fields.maybeWhole("num_ln_in_parallel_attn", 2) ?? 2;
    // Only the new architecture uses `num_kv_heads`. In Falcon-7B the field says 71, but the model has one.
    const kvHeads = grouped || !fields.flagOr("multi_query", true) ? fields.whole(NAMES.heads) : 1;
    return {
      norm: "layer",
      layerNorms: grouped ? inParallel : parallel ? 1 : 2,
      attention: { ...both(bias), ...(grouped ? {} : { kvHeads }) },
      feedForward: fourfold(fields, bias),
      tied: true,
    };
  },
  mpt: (fields) => {
    const bias = !fields.flag("no_bias", true);
    const hiddenSize = fields.whole(NAMES.hidden);
    const intermediate = (fields.maybeWhole("expansion_ratio") ?? 4) * hiddenSize;
    const kvHeads = fields.inner("attn_config")?.maybeWhole("kv_n_heads");
    return {
      norm: bias ? "layer" : "layer-without-bias",
      attention: { ...both(bias), ...(kvHeads === undefined ? {} : { kvHeads }) },
      feedForward: () => densePart(hiddenSize, intermediate, { gated: false, bias }),
      tied: true,
    };
  },
  opt: (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const embeddingDim = fields.wholeOr("word_embed_proj_dim", hiddenSize);
    const bias = fields.flag("enable_bias", true);
    const before = fields.flag("do_layer_norm_before", true);
    return {
      norm: fields.flag("layer_norm_elementwise_affine", true) ? "layer" : "none",
      finalNorm: before && !fields.flag("_remove_final_layer_norm", false),
      attention: both(bias),
      gated: false,
      feedForwardBias: bias,
      tied: true,
      embeddingDim,
      extra: [
        // The first two positions are for padding.
        ...(learnedPositions(fields, 2) ?? []),
        ...(embeddingDim === hiddenSize
          ? []
          : [
              ...outsideLinear("project_in", hiddenSize, embeddingDim),
              ...outsideLinear("project_out", embeddingDim, hiddenSize),
            ]),
      ],
    };
  },
  chatglm: (fields) => {
    const bias = fields.flag("add_bias_linear", false);
    const { heads } = headsOf(fields, fields.whole(NAMES.hidden));
    return {
      attention: {
        qkvBias: bias || fields.flag("add_qkv_bias", false),
        outputBias: bias,
        ...(fields.flagOr("multi_query_attention", false) ? {} : { kvHeads: heads }),
      },
      feedForwardBias: bias,
    };
  },
};

function extra(tensors: DecoderTraits["extra"]): Pick<DecoderTraits, "extra"> {
  return tensors === undefined ? {} : { extra: tensors };
}

export const DENSE: Record<string, (fields: Fields) => ModelShape> = Object.fromEntries(
  Object.entries({ ...LIKE_LLAMA, ...BEFORE_LLAMA }).map(([family, traits]) => [
    family,
    (fields: Fields) => {
      layersOf(fields);
      const own = traits(fields);
      // Some families use the same name for models with experts (MiniCPM, XVERSE).
      const feedForward = hasExperts(fields) && own.feedForward === undefined ? mixture(fields) : undefined;
      return decoder(fields, { ...own, ...(feedForward === undefined ? {} : { feedForward }) });
    },
  ]),
);

import { attentionPart, headsOf, latentAttentionPart } from "../attention-part.js";
import type { DecoderTraits } from "../decoder.js";
import { attentionOf, decoder, layersOf } from "../decoder.js";
import { densePart, expertsPart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES, isObject } from "../fields.js";
import { WINDOW, everyFull, layerTypes, qwenWindows, windows } from "../layer-types.js";
import type { Part } from "../part.js";
import { joined, linear, norm } from "../part.js";
import { deltaAttentionPart, gatedRecurrentPart, lightningPart } from "../recurrent-part.js";
import type { ModelShape } from "../shape.js";
import { mixture } from "./mixture.js";

type Traits = (fields: Fields) => DecoderTraits;

function both(bias: boolean): { qkvBias: boolean; outputBias: boolean } {
  return { qkvBias: bias, outputBias: bias };
}

/** DBRX keeps attention and experts in objects of their own. */
const dbrx: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const attention = fields.inner("attn_config");
  const feedForward = fields.inner("ffn_config");
  if (attention === undefined) throw fields.missing("attn_config");
  if (feedForward === undefined) throw fields.missing("ffn_config");
  const kvHeads = attention.whole(NAMES.kvHeads, MOST.heads);
  const part = expertsPart(hiddenSize, {
    experts: feedForward.whole(NAMES.experts, MOST.experts),
    expertsPerToken: feedForward.whole(NAMES.expertsPerToken, MOST.experts),
    intermediate: feedForward.whole("ffn_hidden_size"),
    fused: true,
  });
  fields.known("resid_pdrop");
  return { norm: "layer-without-bias", attention: { kvHeads }, feedForward: () => part };
};

/** DeciLM and its successors: each layer states whether it has attention, and how wide its block is. */
const deci: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = fields.whole(NAMES.heads, MOST.heads);
  fields.known("num_key_value_heads", "intermediate_size");
  const perLayer = fields.any("num_key_value_heads_per_layer");
  if (perLayer !== undefined) {
    const kvHeads = fields.wholes("num_key_value_heads_per_layer");
    const parts = kvHeads.map((count) =>
      attentionPart(hiddenSize, { heads, kvHeads: count, headDim: hiddenSize / heads }),
    );
    return { mixer: (layer) => parts[layer] };
  }
  const blocks = fields.list("block_configs", layersOf(fields));
  if (blocks === undefined) throw fields.missing("block_configs");
  const kept = new Map<string, Part>();
  const once = (key: string, make: () => Part): Part => {
    const part = kept.get(key) ?? make();
    kept.set(key, part);
    return part;
  };
  const own = (layer: number, key: string): Record<string, unknown> => {
    const block = blocks[layer];
    const value = isObject(block) ? block[key] : undefined;
    if (isObject(value)) return value;
    throw fields.wrong("block_configs", `a list of objects with ${key}`);
  };
  return {
    layerNorms: 0,
    mixer: (layer) => {
      const { no_op: none, replace_with_linear: replaced, n_heads_in_group: group } = own(layer, "attention");
      if (none === true) return undefined;
      const normed = { tensors: norm("input_layernorm", "rms", hiddenSize) };
      if (replaced === true)
        return once("linear", () =>
          joined([{ tensors: linear("self_attn.linear", hiddenSize, hiddenSize) }, normed]),
        );
      if (typeof group !== "number" || heads % group !== 0)
        throw fields.wrong(
          "block_configs",
          `a list with an n_heads_in_group that divides the ${heads} heads`,
        );
      return once(`attention ${group}`, () =>
        joined([
          attentionPart(hiddenSize, { heads, kvHeads: heads / group, headDim: hiddenSize / heads }),
          normed,
        ]),
      );
    },
    feedForward: (layer) => {
      const { no_op: none, replace_with_linear: replaced, ffn_mult: times } = own(layer, "ffn");
      if (none === true) return undefined;
      const normed = { tensors: norm("post_attention_layernorm", "rms", hiddenSize) };
      if (replaced === true)
        return once("ffn linear", () =>
          joined([{ tensors: linear("mlp.linear", hiddenSize, hiddenSize) }, normed]),
        );
      if (typeof times !== "number" || times <= 0)
        throw fields.wrong("block_configs", "a list with an ffn_mult above 0");
      // Two thirds of the multiple, rounded up to a multiple of 256.
      const width = Math.ceil(Math.floor((2 * times * hiddenSize) / 3) / 256) * 256;
      return once(`ffn ${width}`, () => joined([densePart(hiddenSize, width), normed]));
    },
  };
};

/** MiniMax: most layers have linear attention, every eighth the usual one; all have experts. */
const minimax: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = headsOf(fields, hiddenSize);
  const layers = layersOf(fields);
  const listed = fields.list(["attn_type_list"], layers);
  const types =
    listed === undefined
      ? layerTypes(fields, (layer) => (layer % 8 === 7 ? "full" : "recurrent"))
      : undefined;
  const isFull = (layer: number): boolean =>
    listed === undefined ? types?.(layer) === "full" : listed[layer] === 1;
  const full = attentionPart(hiddenSize, heads);
  const linearPart = lightningPart(hiddenSize, heads.heads, heads.headDim);
  fields.known("postnorm", "block", "shared_moe_mode", "rotary_dim");
  return { mixer: (layer) => (isFull(layer) ? full : linearPart), feedForward: mixture(fields) };
};

/** Kimi Linear: delta attention in most layers, latent attention in the others. Lists count layers from 1. */
const kimiLinear: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const config = fields.inner("linear_attn_config");
  if (config === undefined) throw fields.missing("linear_attn_config");
  const full = new Set(config.wholes("full_attn_layers"));
  config.known("kda_layers");
  fields.known("mla_use_nope", "head_dim", "num_key_value_heads");
  const latent = latentAttentionPart(fields, hiddenSize);
  const delta = deltaAttentionPart(hiddenSize, {
    heads: config.whole("num_heads", MOST.heads),
    headDim: config.whole("head_dim", MOST.heads),
    kernel: config.maybeWhole("short_conv_kernel_size", MOST.heads) ?? 4,
  });
  return {
    mixer: (layer) => (full.has(layer + 1) ? latent : delta),
    feedForward: mixture(fields, { choiceBias: true }),
  };
};

/** LongCat: two latent attentions and two dense blocks in a layer, and experts beside them. */
const longcat: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const count = fields.whole(NAMES.layers, MOST.layers);
  const dense = densePart(hiddenSize, fields.whole("ffn_hidden_size"));
  const nothing = fields.maybeWhole("zero_expert_num", MOST.experts, 0) ?? 0;
  const experts = fields.whole(NAMES.experts, MOST.experts);
  const part = expertsPart(hiddenSize, {
    experts,
    expertsPerToken: fields.whole(NAMES.expertsPerToken, MOST.experts),
    intermediate: fields.whole(["expert_ffn_hidden_size", "moe_intermediate_size"]),
  });
  // The router also chooses experts that do nothing; each choice has a bias.
  const router = [
    ...linear("mlp.gate_of_nothing", nothing, hiddenSize),
    { name: "mlp.gate.e_score_correction_bias", shape: [experts + nothing] },
  ];
  const latent = latentAttentionPart(fields, hiddenSize);
  fields.known("intermediate_size");
  const first = joined([
    dense,
    { ...part, feedForward: part.feedForward ?? { width: 0, formula: "" } },
    { tensors: router },
  ]);
  return {
    // The cache has two entries for each layer of the file.
    layers: 2 * count,
    mixer: () => latent,
    feedForward: (layer) => (layer % 2 === 0 ? first : dense),
  };
};

/** Griffin: two of three layers have a gated linear recurrence, the third a window. */
const recurrentGemma: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const pattern = fields.any(["block_types", "_block_types"]) ?? ["recurrent", "recurrent", "attention"];
  fields.known("block_types", "_block_types");
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const window = fields.maybeWhole("attention_window_size", MOST.positions) ?? 2048;
  const qkvBias = fields.flag("attention_bias", false);
  const attention = attentionOf(fields, hiddenSize, {
    headDimDefault: 256,
    attention: { qkvBias, outputBias: true },
    window: () => window,
  });
  const recurrent = gatedRecurrentPart(hiddenSize, {
    width: fields.maybeWhole("lru_width") ?? hiddenSize,
    heads,
    kernel: fields.maybeWhole("conv1d_width", MOST.heads) ?? 4,
  });
  // The file counts gate and up together.
  const intermediate = fields.whole(NAMES.intermediate) / 2;
  if (!Number.isInteger(intermediate)) throw fields.wrong(NAMES.intermediate, "an even number");
  const block = densePart(hiddenSize, intermediate, { bias: true });
  return {
    mixer: (layer) => (pattern[layer % pattern.length] === "attention" ? attention(layer) : recurrent),
    feedForward: () => block,
    tied: true,
  };
};

/** OpenELM: heads and widths grow from layer to layer. */
const openelm: Traits = (fields) => {
  const hiddenSize = fields.whole(["model_dim", "hidden_size"]);
  const layers = fields.whole("num_transformer_layers", MOST.layers);
  const headDim = fields.whole("head_dim", MOST.heads);
  const queries = fields.wholes("num_query_heads");
  const keys = fields.wholes("num_kv_heads");
  const multipliers = fields.any("ffn_multipliers") ?? [];
  const divisor = fields.maybeWhole("ffn_dim_divisor") ?? 256;
  if (queries.length !== layers || keys.length !== layers || multipliers.length !== layers)
    throw fields.wrong(
      "num_query_heads",
      `a list of ${layers} numbers, as num_kv_heads and ffn_multipliers must be`,
    );
  fields.known("num_gqa_groups", "qkv_multipliers", "normalization_layer_name");
  const gated = fields.flag("ffn_with_glu", true);
  const normed = fields.flag("normalize_qk_projections", true);
  return {
    layers,
    hiddenSize,
    mixer: (layer) =>
      attentionPart(hiddenSize, {
        heads: queries[layer] ?? 1,
        kvHeads: keys[layer] ?? 1,
        headDim,
        queryKeyNorm: normed ? "head" : undefined,
      }),
    feedForward: (layer) => {
      const width = Number(multipliers[layer]) * hiddenSize;
      const nearest = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor);
      return densePart(hiddenSize, nearest < 0.9 * width ? nearest + divisor : nearest, { gated });
    },
    tied: true,
  };
};

/** The language model of Llama 3.2 Vision: some layers look at the image in place of the text. */
const mllama: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const crossing = new Set(fields.wholes("cross_attention_layers"));
  const heads = headsOf(fields, hiddenSize);
  const own = attentionPart(hiddenSize, heads);
  const { tensors } = attentionPart(hiddenSize, { ...heads, queryKeyNorm: "head" });
  const cross: Part = {
    tensors: [
      ...tensors,
      { name: "cross_attn_attn_gate", shape: [1] },
      { name: "cross_attn_mlp_gate", shape: [1] },
    ],
  };
  if (crossing.size > 0)
    fields.notes.push(
      `${crossing.size} layers cache the keys and values of the image in place of those of the text; those bytes are not in the figures.`,
    );
  return {
    mixer: (layer) => (crossing.has(layer) ? cross : own),
    // Eight words more than the head has.
    extra: [{ name: "embed_tokens.more", shape: [8, hiddenSize], copies: 1 }],
  };
};

const mimoV2: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const layers = layersOf(fields);
  const heads = headsOf(fields, hiddenSize);
  const pattern = fields.list("hybrid_layer_pattern", layers);
  if (pattern === undefined) throw fields.missing("hybrid_layer_pattern");
  const valueDim = fields.maybeWhole("v_head_dim", MOST.heads) ?? heads.headDim;
  const bias = fields.flag("attention_bias", false);
  const full = attentionPart(hiddenSize, {
    ...heads,
    valueDim,
    qkvBias: bias,
    sinks: fields.flag("add_full_attention_sink_bias", false),
  });
  const sliding = attentionPart(hiddenSize, {
    heads: fields.maybeWhole("swa_num_attention_heads", MOST.heads) ?? heads.heads,
    kvHeads: fields.maybeWhole("swa_num_key_value_heads", MOST.heads) ?? heads.kvHeads,
    headDim: fields.maybeWhole("swa_head_dim", MOST.heads) ?? heads.headDim,
    valueDim: fields.maybeWhole("swa_v_head_dim", MOST.heads) ?? valueDim,
    qkvBias: bias,
    sinks: fields.flag("add_swa_attention_sink_bias", false),
    window: fields.whole(WINDOW, MOST.positions),
  });
  return {
    mixer: (layer) => (pattern[layer] === 0 ? full : sliding),
    feedForward: mixture(fields, { choiceBias: true }),
  };
};

/** Heads that differ from layer to layer, and a gate for each head (Laguna). */
const laguna: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const usual = headsOf(fields, hiddenSize);
  const layers = layersOf(fields);
  const heads =
    fields.list("num_attention_heads_per_layer", layers) === undefined
      ? []
      : fields.wholes("num_attention_heads_per_layer");
  const window = windows(fields, () => "full");
  const bias = fields.flag("attention_bias", false);
  const gated = fields.flag("gating", false);
  return {
    mixer: (layer) =>
      attentionPart(hiddenSize, {
        ...usual,
        heads: heads[layer] ?? usual.heads,
        ...both(bias),
        queryKeyNorm: "head",
        gate: gated ? "head" : undefined,
        window: window(layer),
      }),
    feedForward: mixture(fields, { choiceBias: true }),
  };
};

/** Step 3.5: sliding layers may have other heads; a gate for each head. */
const step: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const usual = headsOf(fields, hiddenSize);
  const other = fields.inner("attention_other_setting");
  const window = windows(fields, () => "full");
  other?.known("attention_type", "head_dim", "true_head_dim");
  const sliding = {
    ...usual,
    heads: other?.maybeWhole(NAMES.heads, MOST.heads) ?? usual.heads,
    kvHeads: other?.maybeWhole(NAMES.kvHeads, MOST.heads) ?? usual.kvHeads,
  };
  const gated = fields.flag("use_head_wise_attn_gate", false);
  fields.known("n_shared_experts", "use_qk_norm", "qk_norm");
  return {
    mixer: (layer) => {
      const wide = window(layer);
      return attentionPart(hiddenSize, {
        ...(wide === undefined ? usual : sliding),
        queryKeyNorm: "head",
        gate: gated ? "head" : undefined,
        window: wide,
      });
    },
    feedForward: mixture(fields, { choiceBias: true }),
  };
};

const bailing: Traits = (fields) => ({
  attention: {
    qkvBias: fields.flag("use_qkv_bias", false),
    outputBias: fields.flag("use_bias", false),
    queryKeyNorm: fields.flag("use_qk_norm", false) ? "head" : undefined,
  },
  feedForward: mixture(fields),
});

const hunyuanMoe: Traits = (fields) => {
  fields.known("cla_share_factor", "use_mixed_mlp_moe", "attention_head_dim", "num_experts_per_tok");
  return {
    attention: {
      ...both(fields.flag("attention_bias", false)),
      queryKeyNorm: fields.flag("use_qk_norm", false) ? "head" : undefined,
    },
    feedForward: mixture(fields),
  };
};

/** Ouro runs all its layers several times; each run has a cache of its own, but the same weights. */
const ouro: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const count = layersOf(fields);
  const runs = fields.wholeOr("total_ut_steps", 4, 1000);
  const window = windows(fields, () => "full");
  const heads = headsOf(fields, hiddenSize);
  const block = densePart(hiddenSize, fields.whole(NAMES.intermediate));
  const norms = { tensors: ["1", "2", "3", "4"].flatMap((name) => norm(`norm_${name}`, "rms", hiddenSize)) };
  fields.known("early_exit_threshold", "early_exit_step");
  const onlyFirst = (layer: number, part: Part): Part => (layer < count ? part : { ...part, tensors: [] });
  return {
    layers: runs * count,
    layerNorms: 0,
    mixer: (layer) =>
      onlyFirst(
        layer,
        joined([attentionPart(hiddenSize, { ...heads, window: window(layer % count) }), norms]),
      ),
    feedForward: (layer) => onlyFirst(layer, block),
    extra: [{ name: "early_exit_gate", shape: [hiddenSize + 1], copies: 1 }],
  };
};

/** LLaDA: a Llama that fills in all places of an answer at once. */
const llada: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const bias = fields.flag("include_bias", false);
  const words = fields.maybeWhole("embedding_size") ?? fields.whole(NAMES.vocabulary);
  if (fields.text("block_type") !== "llama" || bias)
    throw fields.wrong("block_type", "llama, without include_bias, as LLaDA has it");
  const block = densePart(hiddenSize, fields.whole(["mlp_hidden_size", "intermediate_size"]));
  const tied = fields.flag("weight_tying", false);
  fields.known(
    "mlp_ratio",
    "vocab_size",
    "input_emb_norm",
    "attention_layer_norm",
    "multi_query_attention",
    "layer_norm_type",
  );
  fields.notes.push(
    "A diffusion language model writes all places of an answer again and again: most runtimes keep no cache for it.",
  );
  return {
    attention: { qkvBias: fields.flag("include_qkv_bias", false) },
    feedForward: () => block,
    vocabulary: words,
    tied,
    knowsTying: true,
  };
};

const exaoneMoe: Traits = (fields) => {
  const period = fields.maybeWhole("full_attention_interval", MOST.layers) ?? 4;
  fields.known("sliding_window_pattern", "first_last_k_dense_replace");
  return {
    attention: { queryKeyNorm: "head" },
    window: everyFull(fields, period),
    feedForward: mixture(fields, { choiceBias: true }),
  };
};

const TRAITS: Record<string, Traits> = {
  afmoe: (fields) => ({
    layerNorms: 4,
    attention: { queryKeyNorm: "head", gate: "output" },
    window: everyFull(fields, fields.maybeWhole("global_attn_every_n_layers", MOST.layers) ?? 4),
    feedForward: mixture(fields, { choiceBias: true }),
  }),
  apertus: (fields) => ({
    attention: {
      ...both(fields.flag("attention_bias", false)),
      queryKeyNorm: fields.flag("qk_norm", true) ? "head" : undefined,
    },
    feedForward: (() => {
      const hiddenSize = fields.whole(NAMES.hidden);
      const part = densePart(hiddenSize, fields.whole(NAMES.intermediate), {
        gated: false,
        bias: fields.flag("mlp_bias", false),
      });
      fields.known("post_norm");
      // The activation has two learned numbers.
      const own = joined([part, { tensors: [{ name: "mlp.act_fn", shape: [2] }] }]);
      return () => own;
    })(),
  }),
  arctic: (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const intermediate = fields.whole(NAMES.intermediate);
    fields.known("enable_expert_tensor_parallelism", "moe_layer_frequency");
    const beside = fields.flag("parallel_attn_mlp_res", true);
    const experts = expertsPart(hiddenSize, {
      experts: fields.whole(NAMES.experts, MOST.experts),
      expertsPerToken: fields.whole(NAMES.expertsPerToken, MOST.experts),
      intermediate,
    });
    // A dense block as wide as the hidden size runs beside the experts.
    const dense = densePart(hiddenSize, hiddenSize, { name: "residual_mlp" });
    const part = beside ? joined([dense, experts]) : experts;
    const every = fields.maybeWhole("moe_layer_frequency", MOST.layers) ?? 2;
    fields.known("use_residual");
    return {
      layerNorms: beside ? 3 : 2,
      feedForward: (layer) => ((layer + 1) % every === 0 ? part : densePart(hiddenSize, intermediate)),
    };
  },
  bailing_moe: bailing,
  bailing_moe_v2: bailing,
  bitnet: (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const intermediate = fields.whole(NAMES.intermediate);
    const own = joined([
      densePart(hiddenSize, intermediate),
      {
        tensors: [
          ...norm("mlp.ffn_sub_norm", "rms", intermediate),
          ...norm("self_attn.attn_sub_norm", "rms", hiddenSize),
        ],
      },
    ]);
    return { feedForward: () => own, tied: true };
  },
  dbrx,
  exaone_moe: exaoneMoe,
  llada,
  ouro,
  deci,
  nemotron_nas: deci,
  ernie4_5_moe: (fields) => {
    const bias = fields.flag("use_bias", false);
    return {
      attention: both(bias),
      headDimDefault: 128,
      feedForward: mixture(fields, { bias, choiceBias: true }),
      tied: true,
    };
  },
  hunyuan: hunyuanMoe,
  hunyuan_v1_moe: hunyuanMoe,
  kimi_linear: kimiLinear,
  laguna,
  longcat_flash: longcat,
  mimo: (fields) => ({
    attention: { qkvBias: fields.flag("attention_bias", true) },
    window: qwenWindows(fields),
  }),
  mimo_v2_flash: mimoV2,
  minicpm3: (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const part = latentAttentionPart(fields, hiddenSize, hiddenSize / fields.whole(NAMES.heads, MOST.heads));
    return { mixer: () => part, tied: true };
  },
  minimax,
  minimax_m1: minimax,
  minimax_text_01: minimax,
  mllama_text_model: mllama,
  openelm,
  panguembedded: (fields) => {
    const bias = fields.flag("bias", true);
    return { attention: both(bias), feedForwardBias: false };
  },
  persimmon: (fields) => ({
    norm: "layer",
    attention: {
      ...both(true),
      queryKeyNorm: fields.flag("qk_layernorm", true) ? "head" : undefined,
      queryKeyNormKind: "layer",
    },
    gated: false,
    feedForwardBias: true,
  }),
  phi3small: (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const part = densePart(hiddenSize, fields.whole("ff_intermediate_size"), { bias: true });
    fields.known(
      "dense_attention_every_n_layers",
      "blocksparse_block_size",
      "blocksparse_homo_head_pattern",
      "blocksparse_num_local_blocks",
      "blocksparse_vert_stride",
      "blocksparse_triton_kernel_block_size",
      "attention_bias",
      "ff_dim_multiplier",
    );
    return { norm: "layer", attention: both(true), feedForward: () => part, tied: true };
  },
  recurrent_gemma: recurrentGemma,
  step3p5: step,
  step3p7: step,
};

export const RECENT: Record<string, (fields: Fields) => ModelShape> = Object.fromEntries(
  Object.entries(TRAITS).map(([family, traits]) => [
    family,
    (fields: Fields) => decoder(fields, traits(fields)),
  ]),
);

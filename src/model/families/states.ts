import { attentionPart } from "../attention-part.js";
import { decoder, layersOf, outside } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import { layerTypes } from "../layer-types.js";
import type { Part, PartTensor } from "../part.js";
import { joined, linear, norm } from "../part.js";
import { mamba2Part } from "../recurrent-part.js";
import type { ModelShape } from "../shape.js";

const HIDDEN = [...NAMES.hidden, "embedding_dim"];

/** A vector of mixing weights and its like, which has a place for each number of the hidden state. */
function vectors(prefix: string, names: readonly string[], width: number): PartTensor[] {
  return names.map((name) => ({ name: `${prefix}.${name}`, shape: [width] }));
}

/** A product of two narrow matrices with a bias behind it, or without. */
function narrow(name: string, output: number, input: number, rank: number, bias: boolean): PartTensor[] {
  return [...linear(`${name}.down`, rank, input), ...linear(`${name}.up`, output, rank, bias)];
}

interface RwkvLayers {
  /** Tensors of the block that mixes tokens. */
  mix: (layer: number) => PartTensor[];
  stateElements: number;
  intermediate: number;
  /** Whether the block that mixes channels has a gate of the hidden size (up to RWKV-6). */
  receptance: boolean;
  /** Vectors of the block that mixes channels, by name. */
  mixed: readonly string[];
  /** Whether the norm before the first layer exists. */
  normsFirst: boolean;
}

function rwkv(fields: Fields, hiddenSize: number, traits: RwkvLayers): ModelShape {
  const { intermediate, receptance, stateElements } = traits;
  const channel = densePart(hiddenSize, intermediate, { gated: false, name: "feed_forward" });
  const layer = (at: number): Part =>
    joined([
      {
        // Each of the two blocks keeps the token before, in the type of the model.
        recurrence: { stateElements, convolutionElements: 2 * hiddenSize, width: 6 * hiddenSize },
        tensors: traits.mix(at),
      },
      channel,
      {
        tensors: [
          ...vectors("feed_forward", traits.mixed, hiddenSize),
          ...(receptance ? linear("feed_forward.receptance", hiddenSize, hiddenSize) : []),
        ],
      },
    ]);
  return decoder(fields, {
    norm: "layer",
    hiddenSize,
    mixer: layer,
    feedForward: () => undefined,
    extra: traits.normsFirst ? [outside("pre_ln.norm", 2, hiddenSize)] : [],
  });
}

/** Names of the width of attention; RWKV's files give it although it is the hidden size in all of them. */
function attentionWidth(fields: Fields, hiddenSize: number): number {
  return fields.maybeWhole("attention_hidden_size") ?? hiddenSize;
}

/**
 * RWKV-4, 5 and 6. The counts of RWKV-5 and 6 are those of the paper (Eagle and Finch, arXiv 2404.05892, appendix):
 * 13 D^2 L + 14 D L + 4 D + 2 D V and 13 D^2 L + 464 D L + 4 D + 2 D V.
 */
function rwkvUpTo6(version: 4 | 5 | 6): (fields: Fields) => ModelShape {
  return (fields) => {
    const hiddenSize = fields.whole(HIDDEN);
    const inner = attentionWidth(fields, hiddenSize);
    const headSize = version === 4 ? 1 : (fields.maybeWhole(["head_size", "head_dim"], MOST.heads) ?? 64);
    fields.known(
      "num_attention_heads",
      "num_heads",
      "head_size_divisor",
      "attention_hidden_size",
      "model_version",
    );
    fields.known("rwkv_version", "use_attention_gate", "group_norm_eps", "context_length");
    const usual = version === 4 ? 4 * hiddenSize : Math.floor((3.5 * hiddenSize) / 32) * 32;
    const intermediate = fields.maybeWhole(NAMES.intermediate) ?? usual;
    const wide = hiddenSize >= 4096;
    const mixRank = wide ? 64 : 32;
    const decayRank = wide ? 128 : 64;
    const matrices = version === 4 ? ["key", "value", "receptance"] : ["key", "value", "receptance", "gate"];
    const tensors = [
      ...matrices.flatMap((name) => linear(`attention.${name}`, inner, hiddenSize)),
      ...linear("attention.output", hiddenSize, inner),
      ...vectors("attention", ["time_decay", "time_first"], inner),
      ...vectors("attention", MIXED[version], hiddenSize),
      ...(version === 4 ? [] : norm("attention.ln_x", "layer", inner)),
      ...(version === 6
        ? [
            ...linear("attention.time_maa_w1", 5 * mixRank, hiddenSize),
            { name: "attention.time_maa_w2", shape: [5, mixRank, hiddenSize] },
            ...linear("attention.time_decay_w1", decayRank, hiddenSize),
            ...linear("attention.time_decay_w2", inner, decayRank),
          ]
        : []),
    ];
    return rwkv(fields, hiddenSize, {
      mix: () => tensors,
      // RWKV-4 keeps three numbers of each channel, the later ones a matrix for each head.
      stateElements: version === 4 ? 3 * inner : inner * headSize,
      intermediate,
      receptance: true,
      mixed: ["time_mix_k", "time_mix_r"],
      normsFirst: true,
    });
  };
}

const MIXED = {
  4: ["time_mix_k", "time_mix_v", "time_mix_r"],
  5: ["time_mix_k", "time_mix_v", "time_mix_r", "time_mix_g"],
  6: ["time_maa_x", "time_maa_w", "time_maa_k", "time_maa_v", "time_maa_r", "time_maa_g"],
} as const;

/** RWKV-7 as flash-linear-attention stores it (fla/layers/rwkv7.py). */
function rwkv7(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(HIDDEN);
  const headDim = fields.maybeWhole(["head_dim", "head_size"], MOST.heads) ?? 64;
  const ratio = fields.number("hidden_ratio") ?? 4;
  const intermediate =
    fields.maybeWhole(NAMES.intermediate) ?? 32 * Math.floor((Math.floor(hiddenSize * ratio) + 31) / 32);
  const root = Math.sqrt(hiddenSize);
  const rank = (name: string, factor: number, byHead: boolean): number =>
    fields.maybeWhole(name) ??
    Math.max(32, Math.round((factor * root * (byHead ? headDim / 64 : 1)) / 32) * 32);
  const decay = rank("decay_low_rank_dim", 2.5, true);
  const gate = rank("gate_low_rank_dim", 5, false);
  const learning = rank("a_low_rank_dim", 2.5, true);
  const value = rank("v_low_rank_dim", 1.7, true);
  const widths = fields.any("value_dim")?.filter((width) => width !== hiddenSize) ?? [];
  if (widths.length > 0) throw fields.wrong("value_dim", `the hidden size ${hiddenSize} in every layer`);
  fields.known("num_heads", "num_attention_heads", "attention_hidden_size", "norm_bias", "value_dim");
  fields.known("model_kernel_impl", "kernel_impl", "num_key_value_heads");
  const mix = (layer: number): PartTensor[] => [
    ...vectors("attn", ["x_r", "x_w", "x_k", "x_v", "x_a", "x_g", "k_k", "k_a", "r_k"], hiddenSize),
    ...["r_proj", "k_proj", "v_proj", "o_proj"].flatMap((name) =>
      linear(`attn.${name}`, hiddenSize, hiddenSize),
    ),
    ...narrow("attn.w_lora", hiddenSize, hiddenSize, decay, true),
    // The first layer's values are those that the others mix with.
    ...(layer === 0 ? [] : narrow("attn.v_lora", hiddenSize, hiddenSize, value, true)),
    ...narrow("attn.a_lora", hiddenSize, hiddenSize, learning, true),
    ...narrow("attn.g_lora", hiddenSize, hiddenSize, gate, false),
    ...norm("attn.g_norm", "layer", hiddenSize),
  ];
  return rwkv(fields, hiddenSize, {
    mix,
    stateElements: hiddenSize * headDim,
    intermediate,
    receptance: false,
    mixed: ["x_k"],
    normsFirst: fields.flag("norm_first", true),
  });
}

/** xLSTM-7B's blocks: a matrix memory for each head, then a gated block (modeling_xlstm.py of transformers). */
function xlstm(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(HIDDEN);
  const layers = fields.whole(["num_hidden_layers", "num_blocks"], MOST.layers);
  const heads = fields.wholeOr("num_heads", 8, MOST.heads);
  const bias = fields.flag("use_bias", false);
  const keys = Math.floor(hiddenSize * (fields.number("qk_dim_factor") ?? 0.5));
  const values = Math.floor(hiddenSize * (fields.number("v_dim_factor") ?? 1));
  const multiple = fields.maybeWhole("ffn_round_up_to_multiple_of") ?? 64;
  const factor = fields.number("ffn_proj_factor") ?? 2.667;
  const intermediate = multiple * Math.floor((Math.floor(hiddenSize * factor) + multiple - 1) / multiple);
  if ((fields.text("weight_mode") ?? "single") !== "single")
    throw fields.wrong("weight_mode", "single, as transformers stores it");
  fields.known("head_dim", "num_blocks", "add_embedding_dropout", "add_qk_norm", "add_post_norm");
  fields.known(
    "gate_soft_cap",
    "igate_bias_init_range",
    "cell_norm_eps",
    "mode",
    "add_forward_backend_padding",
  );
  if (keys % heads !== 0) throw fields.wrong("num_heads", `a divisor of the ${keys} numbers of a key`);
  const mixer: Part = {
    recurrence: {
      // The memory, the sum that normalises it, and the largest gate of each head.
      stateElements: (keys / heads) * values + keys + heads,
      convolutionElements: 0,
      width: 2 * keys + 3 * values,
    },
    tensors: [
      ...linear("mlstm.q", keys, hiddenSize, bias),
      ...linear("mlstm.k", keys, hiddenSize, bias),
      ...linear("mlstm.v", values, hiddenSize, bias),
      ...linear("mlstm.ogate_preact", values, hiddenSize, bias),
      ...linear("mlstm.igate_preact", heads, hiddenSize, true),
      ...linear("mlstm.fgate_preact", heads, hiddenSize, true),
      ...norm("mlstm.multihead_norm", bias ? "layer" : "rms", values),
      ...linear("mlstm.out_proj", hiddenSize, values, bias),
    ],
  };
  const block = densePart(hiddenSize, intermediate, { bias });
  return decoder(fields, {
    norm: bias ? "layer" : "rms",
    hiddenSize,
    layers,
    mixer: () => mixer,
    feedForward: () => block,
    finalNorm: fields.flag(["add_out_norm", "add_post_blocks_norm"], true),
  });
}

/**
 * Zamba2: Mamba-2 in every layer; before some of them a block of attention that only `num_mem_blocks` sets of weights
 * serve in turn, with a narrow pair of matrices of its own each time (modeling_zamba2.py of transformers).
 */
function zamba2(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const layers = layersOf(fields);
  const kernel = fields.maybeWhole(["mamba_d_conv", "conv_dimension"], MOST.heads) ?? 4;
  const state = fields.whole(["mamba_d_state", "state_size"]);
  const inner = (fields.maybeWhole(["mamba_expand", "expansion_factor"], MOST.heads) ?? 2) * hiddenSize;
  const headDim = fields.wholeOr("mamba_headdim", 64, MOST.heads);
  const heads = fields.maybeWhole("n_mamba_heads", MOST.heads) ?? inner / headDim;
  const bias = fields.flag("add_bias_linear", false);
  const rank = fields.wholeOr(["adapter_rank", "lora_rank"], 128, MOST.width, 0);
  const blocks = fields.wholeOr("num_mem_blocks", 1, MOST.layers);
  const intermediate = fields.maybeWhole(NAMES.intermediate) ?? 4 * hiddenSize;
  const wide = fields.maybeWhole("attention_hidden_size") ?? 2 * hiddenSize;
  const attentionHeads = fields.whole(NAMES.heads, MOST.heads);
  const kvHeads =
    fields.maybeWhole(["num_key_value_heads", "num_query_groups"], MOST.heads) ?? attentionHeads;
  const attentionDim = fields.maybeWhole("attention_head_dim", MOST.heads) ?? wide / attentionHeads;
  const adapts = fields.flag(["use_shared_attention_adapter", "use_shared_attention_lora"], false);
  fields.known(
    "kv_channels",
    "use_mem_rope",
    "gated_linear_unit",
    "ft_lora",
    "use_shared_block_lora",
    "chunk_size",
  );
  fields.known(
    "num_query_groups",
    "use_shared_mlp_lora",
    "use_conv_bias",
    "hybrid_layer_ids",
    "expand",
    "use_long_context",
  );
  const listed = fields.any("hybrid_layer_ids");
  for (const [width, name] of [
    [heads, "mamba_headdim"],
    [attentionDim, "num_attention_heads"],
  ] as const)
    if (!Number.isInteger(width))
      throw fields.wrong(name, `a divisor of ${name === "mamba_headdim" ? inner : wide}`);
  const isHybrid =
    fields.any("layers_block_type") === undefined && listed !== undefined
      ? (layer: number): boolean => listed.includes(layer)
      : hybridLayers(fields);
  const recurrent = mamba2Part(hiddenSize, {
    heads,
    headDim,
    state,
    groups: fields.wholeOr("mamba_ngroups", 1, MOST.heads),
    kernel,
    convolutionBias: true,
    bias,
  });
  const attention = attentionPart(wide, { heads: attentionHeads, kvHeads, headDim: attentionDim });
  const dense = densePart(hiddenSize, intermediate, { bias, name: "shared_transformer.feed_forward" });
  // The block reads what came in beside the first embedding, so it is twice as wide there, but gives the hidden size.
  const shared: PartTensor[] = [
    ...attention.tensors.map(({ name, shape }) => ({
      name: `shared_transformer.${name}`,
      shape: name.includes("o_proj") ? [hiddenSize, attentionHeads * attentionDim] : shape,
    })),
    ...dense.tensors,
    ...norm("shared_transformer.input_norm", "rms", wide),
    ...norm("shared_transformer.pre_ff_norm", "rms", hiddenSize),
  ];
  const each: PartTensor[] = [
    ...linear("linear", hiddenSize, hiddenSize),
    ...(rank === 0 ? [] : narrow("gate_up_proj_adapter", 2 * intermediate, hiddenSize, rank, false)),
    ...(adapts ? ["q", "k", "v"].flatMap((name) => narrow(`${name}_adapter`, wide, wide, rank, false)) : []),
  ];
  const hybrids = Array.from({ length: layers }, (_, layer) => layer).filter((layer) => isHybrid(layer));
  const storing = new Set(hybrids.slice(0, blocks));
  return decoder(fields, {
    layerNorms: 1,
    mixer: (layer) =>
      joined([
        recurrent,
        ...(isHybrid(layer)
          ? [
              {
                ...(attention.attention === undefined ? {} : { attention: attention.attention }),
                ...(dense.feedForward === undefined ? {} : { feedForward: dense.feedForward }),
                tensors: [...each, ...(storing.has(layer) ? shared : [])],
              },
            ]
          : []),
      ]),
    feedForward: () => undefined,
    tied: true,
  });
}

function hybridLayers(fields: Fields): (layer: number) => boolean {
  const names = fields.any("layers_block_type");
  if (names === undefined) throw fields.missing(["layers_block_type", "hybrid_layer_ids"]);
  // "hybrid" is a word of this family alone.
  const plain = fields.with({
    layers_block_type: names.map((name) =>
      name === "hybrid" || name === "g" ? "attention" : name === "m" ? "mamba" : name,
    ),
  });
  const type = layerTypes(plain, () => "recurrent", ["layers_block_type"]);
  return (layer) => type(layer) === "full";
}

export const STATES: Record<string, (fields: Fields) => ModelShape> = {
  rwkv: rwkvUpTo6(4),
  rwkv5: rwkvUpTo6(5),
  rwkv6: rwkvUpTo6(6),
  rwkv7,
  xlstm,
  zamba2,
};

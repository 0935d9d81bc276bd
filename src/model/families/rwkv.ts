import { decoder, outside } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { Part, PartTensor } from "../part.js";
import { joined, linear, lowRank, norm } from "../part.js";
import type { ModelShape } from "../shape.js";

const HIDDEN = [...NAMES.hidden, "embedding_dim"];

/** A vector of mixing weights and its like, which has a place for each number of the hidden state. */
function vectors(prefix: string, names: readonly string[], width: number): PartTensor[] {
  return names.map((name) => ({ name: `${prefix}.${name}`, shape: [width] }));
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
    ...lowRank("attn.w_lora", hiddenSize, hiddenSize, decay, true),
    // The first layer's values are those that the others mix with.
    ...(layer === 0 ? [] : lowRank("attn.v_lora", hiddenSize, hiddenSize, value, true)),
    ...lowRank("attn.a_lora", hiddenSize, hiddenSize, learning, true),
    ...lowRank("attn.g_lora", hiddenSize, hiddenSize, gate, false),
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

export const RWKV: Record<string, (fields: Fields) => ModelShape> = {
  rwkv: rwkvUpTo6(4),
  rwkv5: rwkvUpTo6(5),
  rwkv6: rwkvUpTo6(6),
  rwkv7,
};

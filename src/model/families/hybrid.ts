import { attentionPart, headsOf } from "../attention-part.js";
import type { DecoderTraits } from "../decoder.js";
import { attentionOf, decoder, denseOf, layersOf } from "../decoder.js";
import { densePart, expertsPart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { LayerType } from "../layer-types.js";
import { layerTypes } from "../layer-types.js";
import type { Part } from "../part.js";
import { joined } from "../part.js";
import { deltaNetPart, mamba1Part, mamba2Part, shortConvolutionPart } from "../recurrent-part.js";
import type { ModelShape } from "../shape.js";
import { expertCounts, maybeExperts, qwenFeedForward } from "./experts.js";

type Traits = (fields: Fields) => DecoderTraits;

/** Attention in layers of type "full", `recurrent` in the others. */
function alternating(
  type: (layer: number) => LayerType,
  attention: (layer: number) => Part,
  recurrent: () => Part,
): (layer: number) => Part {
  let part: Part | undefined;
  return (layer) => (type(layer) === "recurrent" ? (part ??= recurrent()) : attention(layer));
}

/** Every fourth layer has gated attention, the others a gated delta net. */
function qwenNext(feedForward: (fields: Fields) => NonNullable<DecoderTraits["feedForward"]>): Traits {
  return (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const period = fields.maybeWhole("full_attention_interval", MOST.layers) ?? 4;
    const bias = fields.flag("attention_bias", false);
    return {
      mixer: alternating(
        layerTypes(fields, (layer) => ((layer + 1) % period === 0 ? "full" : "recurrent")),
        attentionOf(fields, hiddenSize, {
          headDimDefault: 256,
          attention: { qkvBias: bias, outputBias: bias, queryKeyNorm: "head", gated: true },
        }),
        () =>
          deltaNetPart(hiddenSize, {
            keyHeads: fields.whole("linear_num_key_heads", MOST.heads),
            keyDim: fields.whole("linear_key_head_dim", MOST.heads),
            valueHeads: fields.whole("linear_num_value_heads", MOST.heads),
            valueDim: fields.whole("linear_value_head_dim", MOST.heads),
            kernel: fields.wholeOr("linear_conv_kernel_dim", 4, MOST.heads),
          }),
      ),
      feedForward: feedForward(fields),
    };
  };
}

/** A number, or "auto" for the value that the family computes. */
function wholeOrAuto(fields: Fields, name: string, automatic: number): number {
  return fields.raw(name) === "auto" ? automatic : (fields.maybeWhole(name) ?? automatic);
}

const jamba: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const attentionPeriod = fields.wholeOr("attn_layer_period", 8, MOST.layers);
  const attentionOffset = fields.wholeOr("attn_layer_offset", 4, MOST.layers, 0);
  const expertPeriod = fields.wholeOr("expert_layer_period", 2, MOST.layers);
  const expertOffset = fields.wholeOr("expert_layer_offset", 1, MOST.layers, 0);
  const experts = fields.whole(NAMES.experts, MOST.experts);
  const intermediate = fields.whole(NAMES.intermediate);
  const dense = densePart(hiddenSize, intermediate);
  const sparse = experts === 1 ? dense : expertsPart(hiddenSize, { ...expertCounts(fields), intermediate });
  return {
    mixer: alternating(
      (layer) => (layer % attentionPeriod === attentionOffset ? "full" : "recurrent"),
      attentionOf(fields, hiddenSize, {}),
      () =>
        mamba1Part(hiddenSize, {
          inner: fields.wholeOr("mamba_expand", 2) * hiddenSize,
          state: fields.wholeOr("mamba_d_state", 16),
          kernel: fields.wholeOr("mamba_d_conv", 4),
          stepRank: wholeOrAuto(fields, "mamba_dt_rank", Math.ceil(hiddenSize / 16)),
          convolutionBias: fields.flag("mamba_conv_bias", true),
          bias: fields.flag("mamba_proj_bias", false),
          innerNorms: true,
        }),
    ),
    feedForward: (layer) => (layer % expertPeriod === expertOffset ? sparse : dense),
  };
};

function innerSize(fields: Fields, hiddenSize: number): number {
  return fields.wholeOr("mamba_expand", 2) * hiddenSize;
}

/** Mamba-2 with the field names of Bamba, Granite 4 and Falcon-H1. */
function mamba2Of(fields: Fields, hiddenSize: number, gatedNorm = true): Part {
  const heads = fields.whole("mamba_n_heads", MOST.heads);
  const inner = fields.maybeWhole("mamba_d_ssm") ?? innerSize(fields, hiddenSize);
  const headDim = wholeOrAuto(fields, "mamba_d_head", inner / heads);
  if (!Number.isInteger(headDim) || heads * headDim !== inner) {
    throw fields.wrong(
      "mamba_n_heads",
      `such that heads x head dimension is the inner size ${inner} (mamba_d_ssm, or mamba_expand x hidden_size)`,
    );
  }
  return mamba2Part(hiddenSize, {
    heads,
    headDim,
    state: fields.whole("mamba_d_state"),
    groups: fields.wholeOr("mamba_n_groups", 1, MOST.heads),
    kernel: fields.wholeOr("mamba_d_conv", 4),
    convolutionBias: fields.flag("mamba_conv_bias", true),
    bias: fields.flag("mamba_proj_bias", false),
    gatedNorm,
  });
}

/**
 * Types of layers from `layer_types`, or from a list of the layers that have attention; one of the two must
 * exist.
 */
function listedLayers(fields: Fields, name: string): (layer: number) => LayerType {
  if (fields.has(["layer_types", "layers_block_type"])) return layerTypes(fields, () => "recurrent");
  if (!fields.states(name)) throw fields.missing(name === "layer_types" ? name : [name, "layer_types"]);
  const attentionLayers = new Set(fields.wholes(name));
  return (layer) => (attentionLayers.has(layer) ? "full" : "recurrent");
}

function attentionBias(fields: Fields): { qkvBias: boolean; outputBias: boolean } {
  const bias = fields.flag("attention_bias", false);
  return { qkvBias: bias, outputBias: bias };
}

const bamba: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  return {
    mixer: alternating(
      listedLayers(fields, "attn_layer_indices"),
      attentionOf(fields, hiddenSize, { attention: attentionBias(fields) }),
      () => mamba2Of(fields, hiddenSize),
    ),
    feedForwardBias: fields.flag("mlp_bias", false),
  };
};

const granite: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  return {
    mixer: alternating(
      listedLayers(fields, "layer_types"),
      attentionOf(fields, hiddenSize, { attention: attentionBias(fields) }),
      () => mamba2Of(fields, hiddenSize),
    ),
    feedForward: maybeExperts(fields, "shared_intermediate_size"),
  };
};

/** Attention and Mamba-2 side by side in every layer. */
const falconH1: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const attention = attentionOf(fields, hiddenSize, { attention: attentionBias(fields) });
  const recurrent = mamba2Of(fields, hiddenSize, fields.flag("mamba_rms_norm", false));
  return {
    mixer: (layer) => joined([attention(layer), recurrent]),
    feedForwardBias: fields.flag("mlp_bias", false),
  };
};

const PATTERN: Record<string, LayerType> = { M: "recurrent", "*": "full", "-": "dense", E: "experts" };

/** Nemotron-H lists single blocks: each layer is Mamba-2, attention, a dense block or experts. */
const nemotronH: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const pattern = fields.text("hybrid_override_pattern");
  const layers = pattern?.length ?? layersOf(fields);
  fields.known(
    ...NAMES.layers,
    "expand",
    "time_step_rank",
    "mtp_hybrid_override_pattern",
    "mtp_layers_block_type",
    "n_shared_experts",
  );
  if (layers > MOST.layers) throw fields.wrong("hybrid_override_pattern", `at most ${MOST.layers} letters`);
  const type =
    pattern === undefined
      ? layerTypes(fields, () => {
          throw fields.wrong("hybrid_override_pattern", "a letter for each layer: M, *, - or E");
        })
      : (layer: number): LayerType => {
          const letter = pattern.charAt(layer);
          if (Object.hasOwn(PATTERN, letter)) return PATTERN[letter] as LayerType;
          throw fields.wrong("hybrid_override_pattern", "a letter for each layer: M, *, - or E");
        };
  const bias = fields.flag("mlp_bias", false);
  const heads = { ...headsOf(fields, hiddenSize, 128), ...attentionBias(fields) };
  const blocks: Partial<Record<LayerType, () => Part>> = {
    full: () => attentionPart(hiddenSize, heads),
    recurrent: () =>
      mamba2Part(hiddenSize, {
        heads: fields.whole("mamba_num_heads", MOST.heads),
        headDim: fields.whole("mamba_head_dim", MOST.heads),
        state: fields.whole("ssm_state_size"),
        groups: fields.whole(["n_groups", "mamba_n_groups"], MOST.heads),
        kernel: fields.wholeOr(["conv_kernel", "mamba_d_conv"], 4),
        convolutionBias: fields.flag(["use_conv_bias", "mamba_conv_bias"], true),
        bias: fields.flag("use_bias", false),
      }),
    dense: () => densePart(hiddenSize, fields.whole(NAMES.intermediate), { gated: false, bias }),
    experts: () =>
      expertsPart(hiddenSize, {
        ...expertCounts(fields),
        intermediate: fields.whole("moe_intermediate_size"),
        gated: false,
        choiceBias: true,
        shared: fields.whole("moe_shared_expert_intermediate_size"),
        latent: fields.maybeWhole("moe_latent_size"),
      }),
  };
  const made: Partial<Record<LayerType, Part>> = {};
  const block = (layer: number): Part => {
    const kind = type(layer);
    const make = blocks[kind];
    if (make === undefined)
      throw fields.wrong("layers_block_type", "a list of mamba, attention, mlp and moe");
    return (made[kind] ??= make());
  };
  return { layers, layerNorms: 1, mixer: block, feedForward: () => undefined };
};

const lfm2: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const denseLayers = fields.maybeWhole("num_dense_layers", MOST.layers, 0) ?? 0;
  const dense = densePart(hiddenSize, lfm2Width(fields));
  const hasExperts = fields.has(NAMES.experts);
  let sparse: Part | undefined;
  return {
    mixer: alternating(
      listedLayers(fields, "full_attn_idxs"),
      attentionOf(fields, hiddenSize, { attention: { queryKeyNorm: "head" } }),
      () =>
        shortConvolutionPart(
          hiddenSize,
          fields.whole("conv_L_cache", MOST.heads),
          fields.flag("conv_bias", false),
        ),
    ),
    feedForward: (layer) =>
      !hasExperts || layer < denseLayers
        ? dense
        : (sparse ??= expertsPart(hiddenSize, {
            ...expertCounts(fields),
            intermediate: fields.whole("moe_intermediate_size"),
            choiceBias: fields.flag("use_expert_bias", true),
          })),
    tied: fields.flag("tie_embedding", true),
  };
};

/** The config of LFM2 gives a width that is then reduced to two thirds and rounded up. */
function lfm2Width(fields: Fields): number {
  const width = fields.whole(["block_ff_dim", "intermediate_size"]);
  if (!fields.flagOr("block_auto_adjust_ff_dim", !fields.has(NAMES.experts))) return width;
  const multiple = fields.maybeWhole("block_multiple_of") ?? 256;
  const factor = fields.number("block_ffn_dim_multiplier") ?? 1;
  return multiple * Math.ceil(Math.floor(factor * Math.floor((2 * width) / 3)) / multiple);
}

const mamba: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  const bias = fields.flag("use_bias", false);
  const inner = fields.maybeWhole("intermediate_size") ?? fields.wholeOr("expand", 2) * hiddenSize;
  const part = mamba1Part(hiddenSize, {
    inner,
    state: fields.whole("state_size"),
    kernel: fields.wholeOr("conv_kernel", 4),
    stepRank: wholeOrAuto(fields, "time_step_rank", Math.ceil(hiddenSize / 16)),
    convolutionBias: fields.flag("use_conv_bias", true),
    bias,
    innerNorms: false,
  });
  return { layerNorms: 1, mixer: () => part, feedForward: () => undefined, tied: true };
};

const mamba2: Traits = (fields) => {
  const hiddenSize = fields.whole(NAMES.hidden);
  fields.known("rms_norm", "expand", "time_step_rank", "intermediate_size");
  const part = mamba2Part(hiddenSize, {
    heads: fields.whole("num_heads", MOST.heads),
    headDim: fields.whole("head_dim", MOST.heads),
    state: fields.whole("state_size"),
    groups: fields.whole("n_groups", MOST.heads),
    kernel: fields.wholeOr("conv_kernel", 4),
    convolutionBias: fields.flag("use_conv_bias", true),
    bias: fields.flag("use_bias", false),
  });
  return { layerNorms: 1, mixer: () => part, feedForward: () => undefined };
};

const dense: Parameters<typeof qwenNext>[0] = (fields) => denseOf(fields, fields.whole(NAMES.hidden), {});

const TRAITS: Record<string, Traits> = {
  qwen3_next: qwenNext((fields) => qwenFeedForward(fields, true)),
  qwen3_5: qwenNext(dense),
  qwen3_5_moe: qwenNext((fields) => qwenFeedForward(fields, true)),
  jamba,
  bamba,
  granitemoehybrid: granite,
  falcon_h1: falconH1,
  nemotron_h: nemotronH,
  lfm2,
  lfm2_moe: lfm2,
  mamba,
  falcon_mamba: (fields) => ({ ...mamba(fields), tied: false }),
  mamba2,
};

export const HYBRID: Record<string, (fields: Fields) => ModelShape> = Object.fromEntries(
  Object.entries(TRAITS).map(([family, traits]) => [
    family,
    (fields: Fields) => decoder(fields, traits(fields)),
  ]),
);

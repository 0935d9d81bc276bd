import { attentionPart } from "../attention-part.js";
import { decoder, layersOf } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import { layerTypes } from "../layer-types.js";
import type { PartTensor } from "../part.js";
import { joined, linear, lowRank, norm } from "../part.js";
import { mamba2Part } from "../recurrent-part.js";
import type { ModelShape } from "../shape.js";

/**
 * Zamba2: Mamba-2 in every layer; before some of them a block of attention that only `num_mem_blocks` sets of weights
 * serve in turn, with a narrow pair of matrices of its own each time (modeling_zamba2.py of transformers).
 */
export function zamba2(fields: Fields): ModelShape {
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
    ...(rank === 0 ? [] : lowRank("gate_up_proj_adapter", 2 * intermediate, hiddenSize, rank, false)),
    ...(adapts ? ["q", "k", "v"].flatMap((name) => lowRank(`${name}_adapter`, wide, wide, rank, false)) : []),
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

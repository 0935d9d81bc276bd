import { largestOf } from "../../base/stats/extremes.js";
import type { DecoderTraits } from "../decoder.js";
import { layersOf } from "../decoder.js";
import type { ExpertTraits } from "../feed-forward-part.js";
import { densePart, expertsPart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { Part } from "../part.js";

/** Names of the same figure in configs of different families. */
export const EXPERT_WIDTH = [
  "moe_intermediate_size",
  "expert_ffn_hidden_size",
  "moe_ffn_hidden_size",
  "expert_intermediate_size",
  "expert_hidden_size",
  "moe_primary_ffn_hidden_size",
];
const SHARED_COUNT = [
  "n_shared_experts",
  "num_shared_experts",
  "num_shared_expert",
  "moe_num_shared_experts",
  "n_shared_expert",
];
const SHARED_WIDTH = [
  "moe_shared_expert_intermediate_size",
  "shared_expert_intermediate_size",
  "share_expert_dim",
  "share_expert_dims",
  "shared_intermediate_size",
  "shared_expert_dim",
];
const CHOICE_BIAS = [
  "moe_router_enable_expert_bias",
  "use_expert_bias",
  "moe_use_aux_free",
  "use_moe_router_bias",
];

/** Whether a config has experts, whatever it calls their number. */
export function hasExperts(fields: Fields): boolean {
  const value = fields.raw(NAMES.experts);
  const most = Array.isArray(value)
    ? largestOf([0, ...value.filter((one) => typeof one === "number")])
    : value;
  return typeof most === "number" && most > 1;
}

/** A number, or a list with one for each layer. */
function perLayer(
  fields: Fields,
  names: readonly string[],
  most: number,
): ((layer: number) => number) | undefined {
  const value = fields.raw(names);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    const count = fields.maybeWhole(names, most, 0);
    return count === undefined ? undefined : () => count;
  }
  const list = fields.wholes(names);
  if (list.length < layersOf(fields) || list.some((one) => one < 0 || one > most))
    throw fields.wrong(names, `a number, or a list with one from 0 to ${most} for each layer`);
  return (layer) => list[layer] ?? 0;
}

export interface MixtureTraits extends Partial<ExpertTraits> {
  /** Width of the experts, if no field of the usual names gives it. */
  width?: number;
  isDense?: (layer: number) => boolean;
  denseBias?: boolean;
}

/** Experts as the config states them, whatever its family calls the fields. */
export function mixture(
  fields: Fields,
  traits: MixtureTraits = {},
): NonNullable<DecoderTraits["feedForward"]> {
  const hiddenSize = fields.whole(NAMES.hidden);
  const { gated = true, bias = false, denseBias = bias } = traits;
  const experts = perLayer(fields, NAMES.experts, MOST.experts);
  const chosen = perLayer(fields, NAMES.expertsPerToken, MOST.experts);
  if (experts === undefined) throw fields.missing(NAMES.experts);
  if (chosen === undefined) throw fields.missing(NAMES.expertsPerToken);
  const width = perLayer(fields, EXPERT_WIDTH, MOST.width);
  const own = traits.width ?? (width === undefined ? fields.whole(NAMES.intermediate) : undefined);
  const sharedCount = perLayer(fields, SHARED_COUNT, MOST.experts);
  const sharedWidth = fields.maybeWhole(SHARED_WIDTH, MOST.width, 0);
  const isDense = traits.isDense ?? denseLayers(fields);
  const choiceBias =
    traits.choiceBias ??
    (fields.text("topk_method") === "noaux_tc" || (fields.maybeFlag(CHOICE_BIAS) ?? false));
  const parts = new Map<string, Part>();
  return (layer) => {
    const count = experts(layer);
    const intermediate = width?.(layer) ?? own ?? 0;
    const dense = count <= 1 || isDense(layer);
    const many = sharedCount?.(layer) ?? (sharedWidth === undefined ? 0 : 1);
    const shared = traits.shared ?? many * (sharedWidth ?? intermediate);
    const key = dense ? "dense" : `${count} ${intermediate} ${shared}`;
    let part = parts.get(key);
    if (part === undefined) {
      if (!dense && chosen(layer) > count)
        throw fields.wrong(NAMES.expertsPerToken, `at most the ${count} experts`);
      part = dense
        ? densePart(hiddenSize, fields.whole(NAMES.intermediate), { gated, bias: denseBias })
        : expertsPart(hiddenSize, {
            ...traits,
            experts: count,
            expertsPerToken: chosen(layer),
            intermediate,
            shared,
            choiceBias,
            gated,
            bias,
          });
      parts.set(key, part);
    }
    return part;
  };
}

/** Which layers have one dense block in place of experts; families state it in many ways. */
function denseLayers(fields: Fields): (layer: number) => boolean {
  const types = fields.any("mlp_layer_types");
  if (types !== undefined) return (layer) => types[layer] === "dense";
  const listedLayers = fields.any("is_moe_layer");
  if (listedLayers !== undefined) return (layer) => listedLayers[layer] !== true && listedLayers[layer] !== 1;
  const frequency = fields.raw("moe_layer_freq");
  if (Array.isArray(frequency)) return (layer) => frequency[layer] === 0;
  const listed = fields.raw("moe_layers_enum");
  if (typeof listed === "string") {
    const layers = new Set(listed.split(",").map(Number));
    return (layer) => !layers.has(layer);
  }
  const only = new Set(fields.wholes("mlp_only_layers"));
  const first =
    fields.maybeWhole(
      ["first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"],
      MOST.layers,
      0,
    ) ?? 0;
  const last = fields.maybeWhole("moe_layer_end_index", MOST.layers, 0) ?? Number.MAX_SAFE_INTEGER;
  const step =
    fields.maybeWhole(
      ["moe_layer_freq", "moe_layer_frequency", "moe_layer_interval", "interleave_moe_layer_step"],
      MOST.layers,
    ) ?? 1;
  const sparseStep = fields.maybeWhole("decoder_sparse_step", MOST.layers) ?? 1;
  return (layer) =>
    layer < first || layer > last || only.has(layer) || layer % step !== 0 || (layer + 1) % sparseStep !== 0;
}

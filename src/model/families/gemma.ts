import type { AttentionTraits } from "../attention-part.js";
import { attentionPart, headsOf } from "../attention-part.js";
import { decoder, layersOf, outside, outsideLinear } from "../decoder.js";
import { densePart, expertsPart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import { layerTypes } from "../layer-types.js";
import type { Part } from "../part.js";
import { joined, linear, norm } from "../part.js";
import type { ModelShape } from "../shape.js";
import { DENSE } from "./dense.js";
import { expertCounts } from "./experts.js";

/** Fields that published Gemma 3 files leave out of `text_config`, because they are defaults of the class. */
const GEMMA3_DEFAULTS = {
  vocab_size: 262_208,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
};

export function gemma3(fields: Fields): ModelShape {
  const read = DENSE.gemma3 as (fields: Fields) => ModelShape;
  // A file that is not nested in a larger one names all fields, so a missing field there is an error.
  if (!fields.where.includes(" in ")) return read(fields);
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(GEMMA3_DEFAULTS)) {
    if (fields.has(name)) continue;
    fields.assume(name, value);
    values[name] = value;
  }
  return read(fields.with(values));
}

/**
 * Gemma 4: sliding layers, and every sixth layer has other heads and sees all tokens. The last layers may
 * share the cache of earlier ones. Each layer may have a dense block beside its experts, and its own
 * embedding.
 */
export function gemma4(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const layers = layersOf(fields);
  const heads = headsOf(fields, hiddenSize, 256);
  const bias = fields.flag("attention_bias", false);
  const base: AttentionTraits = { ...heads, qkvBias: bias, outputBias: bias, queryKeyNorm: "head" };
  const keysServe = fields.flag("attention_k_eq_v", false);
  const type = layerTypes(fields, (layer) =>
    (layer + 1) % 6 === 0 || layer === layers - 1 ? "full" : "sliding",
  );
  const globalKvHeads = keysServe ? fields.maybeWhole("num_global_key_value_heads", MOST.heads) : undefined;
  if (globalKvHeads !== undefined && heads.heads % globalKvHeads !== 0) {
    throw fields.wrong("num_global_key_value_heads", `a divisor of the ${heads.heads} query heads`);
  }
  const sharing = fields.maybeWhole("num_kv_shared_layers", MOST.layers, 0) ?? 0;
  const firstSharing = sharing === 0 ? layers : layers - sharing;
  if (firstSharing < 1) throw fields.wrong("num_kv_shared_layers", `less than the ${layers} layers`);
  if (keysServe) {
    fields.notes.push(
      "attention_k_eq_v: keys and values of full layers come from one matrix; a runtime that stores them once halves those layers' cache.",
    );
  }

  const mixer = (layer: number): Part => {
    const sharesCache = layer >= firstSharing;
    if (type(layer) !== "full") {
      return attentionPart(hiddenSize, {
        ...base,
        sharesCache,
        window: fields.whole("sliding_window", MOST.positions),
      });
    }
    return attentionPart(hiddenSize, {
      ...base,
      sharesCache,
      headDim: fields.wholeOr("global_head_dim", 512, MOST.heads),
      kvHeads: globalKvHeads ?? base.kvHeads,
      valuesAreKeys: keysServe,
    });
  };

  const intermediate = fields.whole(NAMES.intermediate);
  const doubles = fields.flag("use_double_wide_mlp", false);
  const hasExperts = fields.maybeFlag("enable_moe_block");
  if (hasExperts === undefined && fields.has(NAMES.experts)) throw fields.missing("enable_moe_block");
  const experts = hasExperts === true ? gemma4Experts(fields, hiddenSize) : undefined;
  fields.known("vocab_size_per_layer_input");
  const perLayer = fields.wholeOr("hidden_size_per_layer_input", 256, MOST.width, 0);
  const feedForward = (layer: number): Part => {
    const dense = densePart(hiddenSize, doubles && layer >= firstSharing ? 2 * intermediate : intermediate);
    const own = perLayer === 0 ? [] : [perLayerPart(hiddenSize, perLayer)];
    return both(joined([dense, ...own]), experts);
  };

  return decoder(fields, {
    layerNorms: 4,
    mixer,
    feedForward,
    tied: true,
    extra:
      perLayer === 0
        ? []
        : [
            outside("embed_tokens_per_layer.weight", perLayerVocabulary(fields), layers * perLayer),
            ...outsideLinear("per_layer_model_projection", layers * perLayer, hiddenSize),
            outside("per_layer_projection_norm.weight", perLayer),
          ],
  });
}

function perLayerVocabulary(fields: Fields): number {
  return fields.maybeWhole("vocab_size_per_layer_input") ?? fields.whole(NAMES.vocabulary);
}

function perLayerPart(hiddenSize: number, width: number): Part {
  return {
    tensors: [
      ...linear("per_layer_input_gate", width, hiddenSize),
      ...linear("per_layer_projection", hiddenSize, width),
      ...norm("post_per_layer_input_norm", "rms", hiddenSize),
    ],
  };
}

function gemma4Experts(fields: Fields, hiddenSize: number): Part {
  const counts = expertCounts(fields);
  const intermediate = fields.whole("moe_intermediate_size");
  const part = expertsPart(hiddenSize, { ...counts, intermediate, fused: true });
  const extra = ["post_1", "post_2", "pre_2"].flatMap((name) =>
    norm(`experts_norm_${name}`, "rms", hiddenSize),
  );
  return joined([
    part,
    {
      tensors: [
        ...extra,
        { name: "mlp.gate.scale", shape: [hiddenSize] },
        { name: "mlp.gate.per_expert_scale", shape: [counts.experts] },
      ],
    },
  ]);
}

/**
 * Gemma 3n: four copies of the residual stream (AltUp), a small block beside attention (LAuReL), own embeddings of each
 * layer, and last layers that read the cache of earlier ones but keep their own matrices.
 */
export function gemma3n(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const layers = layersOf(fields);
  const heads = headsOf(fields, hiddenSize, 256);
  const type = layerTypes(fields, (layer) => ((layer + 1) % 5 === 0 ? "full" : "sliding"));
  const sharing = fields.maybeWhole("num_kv_shared_layers", MOST.layers, 0) ?? 0;
  if (sharing >= layers) throw fields.wrong("num_kv_shared_layers", `less than the ${layers} layers`);
  const inputs = fields.wholeOr("altup_num_inputs", 4, MOST.heads);
  const laurel = fields.wholeOr("laurel_rank", 64);
  const perLayer = fields.wholeOr("hidden_size_per_layer_input", 256);
  fields.known("altup_active_idx", "altup_coef_clip", "altup_correct_scale", "activation_sparsity_pattern");
  const listed = fields.any(NAMES.intermediate) === undefined ? undefined : fields.wholes(NAMES.intermediate);
  const widths = listed ?? [fields.whole(NAMES.intermediate)];
  const aside: Part = {
    tensors: [
      { name: "altup.correct_output_scale", shape: [hiddenSize] },
      { name: "altup.correction_coefs", shape: [inputs, inputs] },
      { name: "altup.prediction_coefs", shape: [inputs ** 2, inputs] },
      { name: "altup.modality_router", shape: [inputs, hiddenSize] },
      ...norm("altup.router_norm", "rms", hiddenSize),
      ...linear("laurel.linear_left", laurel, hiddenSize),
      ...linear("laurel.linear_right", hiddenSize, laurel),
      ...norm("laurel.post_laurel_norm", "rms", hiddenSize),
    ],
  };
  return decoder(fields, {
    layerNorms: 4,
    mixer: (layer) => {
      const own = attentionPart(hiddenSize, {
        ...heads,
        queryKeyNorm: "head",
        window: type(layer) === "full" ? undefined : fields.whole("sliding_window", MOST.positions),
      });
      const sharesCache = layer >= layers - sharing;
      if (!sharesCache || own.attention === undefined) return joined([own, aside]);
      return joined([{ ...own, attention: { ...own.attention, sharesCache } }, aside]);
    },
    feedForward: (layer) =>
      joined([densePart(hiddenSize, widths[layer] ?? widths[0] ?? 0), perLayerPart(hiddenSize, perLayer)]),
    tied: true,
    extra: [
      outside("embed_tokens_per_layer.weight", perLayerVocabulary(fields), layers * perLayer),
      ...outsideLinear("per_layer_model_projection", layers * perLayer, hiddenSize),
      outside("per_layer_projection_norm.weight", perLayer),
      outside("altup_projections.weight", inputs - 1, hiddenSize, hiddenSize),
      outside("altup_unembed_projections.weight", inputs - 1, hiddenSize, hiddenSize),
    ],
  });
}

/** A dense block whose result is kept while the experts run. */
function both(dense: Part, experts: Part | undefined): Part {
  if (experts?.feedForward === undefined || dense.feedForward === undefined) return dense;
  const { width, formula } = experts.feedForward;
  const wider = width > dense.feedForward.width ? { width, formula } : dense.feedForward;
  return { ...joined([dense, experts]), feedForward: wider };
}

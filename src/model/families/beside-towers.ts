import { attentionPart, headsOf } from "../attention-part.js";
import { decoder, outside } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { Part } from "../part.js";
import { joined } from "../part.js";
import type { ModelShape } from "../shape.js";
import { DENSE } from "./dense.js";

/** Language models whose files name parts for images or sound beside them, or belong to no larger group. */

function like(family: string, fields: Fields): ModelShape {
  const read = DENSE[family];
  if (read === undefined) throw new Error(`no reader for ${family}`);
  return read(fields);
}

/** PLaMo: attention and block read the same norm, and `n_shared_head` query heads share a key and a value. */
function plamo(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const shared = fields.wholeOr("n_shared_head", 8, MOST.heads);
  const kvHeads = Math.ceil(fields.whole(NAMES.heads, MOST.heads) / shared);
  // Its files state as many key/value heads as query heads, which the code does not read.
  fields.known(...NAMES.kvHeads);
  const part = attentionPart(hiddenSize, headsOf(fields.with({ num_key_value_heads: kvHeads }), hiddenSize));
  return decoder(fields, { layerNorms: 1, mixer: () => part });
}

/** Molmo: Qwen2 or OLMo, whose width counts both input matrices; 128 more words stand in a table of their own. */
function molmo(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const kind = (fields.text("layer_norm_type") ?? "rms") === "rms" ? "rms" : "layer-without-bias";
  const normed = fields.flag("attention_layer_norm", false);
  const rows = fields.maybeWhole("embedding_size") ?? fields.whole(NAMES.vocabulary);
  const packed = fields.whole(NAMES.intermediate);
  if (packed % 2 !== 0)
    throw fields.wrong(NAMES.intermediate, "an even number, which counts both input matrices");
  fields.known("norm_after", "use_position_ids", "weight_tying", "vocab_size");
  const part = attentionPart(hiddenSize, {
    ...headsOf(fields, hiddenSize),
    qkvBias: fields.flag("qkv_bias", false),
    queryKeyNorm: normed ? "all-heads" : undefined,
  });
  const block = densePart(hiddenSize, packed / 2);
  return decoder(fields, {
    norm: kind,
    vocabulary: rows,
    mixer: () => part,
    feedForward: () => block,
    knowsTying: true,
    tied: fields.flag(["weight_tying", "tie_word_embeddings"], false),
    extra: [outside("embed_tokens.new_embedding", 128, hiddenSize)],
  });
}

/** The language model of each MiniCPM-V; only the version says which it is. */
const MINICPM_V: Record<string, string> = {
  "2": "minicpm",
  "2.0": "minicpm",
  "2.5": "llama",
  "2.6": "qwen2",
  "4": "minicpm",
  "4.0": "minicpm",
  "4.5": "qwen3",
};

function minicpmV(fields: Fields): ModelShape {
  const written = fields.raw("version");
  const stated = typeof written === "number" ? written.toString() : fields.text("version");
  const version = stated === undefined ? (fields.has("scale_emb") ? "2.0" : "2.5") : stated;
  const family = MINICPM_V[version];
  if (family === undefined) throw fields.wrong("version", `one of ${Object.keys(MINICPM_V).join(", ")}`);
  if (stated === undefined) fields.assume("version", version);
  fields.known("batch_vision_input", "slice_config", "slice_mode", "use_image_id", "vision_batch_size");
  fields.known("image_size", "patch_size", "query_num", "drop_vision_last_layer", "batch_3d_resampler");
  return like(family, fields);
}

/** Phi-4-multimodal: Phi-4-mini with an adapter for images and one for sound on each matrix of its layers. */
function phi4mm(fields: Fields): ModelShape {
  const model = like("phi3", fields);
  fields.known("full_attn_mod", "interpolate_factor", "lm_head_bias", "attention_bias", "mlp_bias");
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const kvHeads = fields.whole(NAMES.kvHeads, MOST.heads);
  const intermediate = fields.whole(NAMES.intermediate);
  // Queries, keys and values are one matrix here, and so are the inputs of the block.
  const pairs = [
    ["self_attn.qkv_proj", hiddenSize + (2 * kvHeads * hiddenSize) / heads, hiddenSize],
    ["self_attn.o_proj", hiddenSize, hiddenSize],
    ["mlp.gate_up_proj", 2 * intermediate, hiddenSize],
    ["mlp.down_proj", hiddenSize, intermediate],
  ] as const;
  const adapters = (["vision", "speech"] as const).flatMap((name) => {
    const rank = fields.inner(`${name}_lora`);
    if (rank === undefined) {
      fields.assume(`${name}_lora`, "no adapter");
      return [];
    }
    rank.known("dp", "layer", "lora_alpha");
    const width = rank.whole("r");
    return pairs.flatMap(([module, output, input]) => [
      { name: `layers.*.${module}.lora_A.${name}`, shape: [width, input], copies: model.layers.length },
      { name: `layers.*.${module}.lora_B.${name}`, shape: [output, width], copies: model.layers.length },
    ]);
  });
  return { ...model, tensors: [...model.tensors, ...adapters] };
}

/** CogVLM and CogVLM2: each layer has its matrices twice, for words and for images, and one cache. */
function cogvlm(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const grouped = fields.maybeWhole("num_multi_query_heads", MOST.heads);
  if (grouped === undefined) fields.assume("num_multi_query_heads", "as many as query heads");
  const kvHeads = grouped ?? fields.whole(NAMES.heads, MOST.heads);
  const traits = headsOf(fields.with({ num_key_value_heads: kvHeads }), hiddenSize);
  const words = attentionPart(hiddenSize, traits);
  // The second version has biases in the matrix for images.
  const images = attentionPart(hiddenSize, { ...traits, qkvBias: grouped !== undefined });
  const block = densePart(hiddenSize, fields.whole(NAMES.intermediate));
  fields.known("template_version", "head_dim");
  const forImages: Part = {
    tensors: [...images.tensors, ...block.tensors].map((tensor) => ({
      ...tensor,
      name: `vision_expert.${tensor.name}`,
    })),
  };
  return decoder(fields, { mixer: () => joined([words, forImages]), feedForward: () => block });
}

export const BESIDE_TOWERS: Record<string, (fields: Fields) => ModelShape> = {
  plamo,
  molmo,
  minicpmv: minicpmV,
  phi4mm,
  cogvlm,
};

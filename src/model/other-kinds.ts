import { BytesperError } from "../base/errors.js";
import { isObject } from "./fields.js";

/** Objects of a config, from the outside in. */
type Levels = readonly Record<string, unknown>[];

/** Classes that read something else than text, or end in something else than words. */
const OTHER_TASKS =
  /For(CTC|Image(?!TextToText)\w*|Video\w*|Audio\w*|Object\w*|Depth\w*|Semantic\w*|Instance\w*|Universal\w*|XVector|MaskedImage\w*|MaskGeneration|Keypoint\w*|Prediction|ZeroShot\w*|Text(ToWaveform|ToSpectrogram|ToImage|Encoding)|Pose\w*|SpeechToSpeech\w*)$/;
/** Small models that guess for a larger one; their layers read its states. */
const DRAFTS = /eagle|medusa|dflash|dspark|draft|speculator|nextn|mtp/i;
const DRAFT_FIELDS = [
  "draft_vocab_size",
  "eagle_config",
  "dflash_config",
  "medusa_num_heads",
  "speculators_config",
  "speculators_model_type",
];
/** Fields that only encoders have: kinds of segments, relative positions in both directions. */
const ENCODER_FIELDS = [
  "type_vocab_size",
  "relative_attention",
  "position_buckets",
  "pos_att_type",
  "relative_attention_num_buckets",
];
const SOUND_FIELDS = [
  "feat_extract_norm",
  "num_feat_extract_layers",
  "num_conv_pos_embeddings",
  "num_mel_bins",
];
const RECURRENT_NAMES = /rwkv|xlstm|retnet|hgrn|hyena|deltanet|griffin|ttt$|gla$/;

/** Fields of models that run some layers more than once, or keep one copy of a block for several layers. */
const SHARING_FIELDS = [
  "layer_sharing",
  "share_layers",
  "num_mem_blocks",
  "num_hidden_groups",
  "num_unique_layers",
  "num_layer_groups",
  "total_ut_steps",
  "num_recursions",
];

/** What the file is, if bytesper knows for certain that it is no language model of its own; undefined otherwise. */
export function otherKind(levels: Levels): string | undefined {
  for (const level of levels) {
    if (typeof level._class_name === "string")
      return `a part of a diffusers pipeline (${shortened(level._class_name)}), which has no prompt and no cache`;
    const [name] = Array.isArray(level.architectures) ? (level.architectures as unknown[]) : [];
    const named = typeof name === "string" ? name : "";
    const draftField = DRAFT_FIELDS.find((field) => level[field] !== undefined && level[field] !== null);
    if (DRAFTS.test(named) || draftField !== undefined)
      return `a draft model for speculative decoding (${named === "" ? String(draftField) : shortened(named)}), whose layers read the states of a larger model`;
    if (OTHER_TASKS.test(named)) return `a ${shortened(named)}, which is no language model`;
  }
  return undefined;
}

/** The same for an architecture without a reader, where its fields tell what it is. */
export function unknownKind(levels: Levels): string | undefined {
  const [outer = {}] = levels;
  const inner = levels.at(-1) ?? {};
  const type = typeof inner.model_type === "string" ? inner.model_type.toLowerCase() : "";
  const has = (names: readonly string[]): boolean =>
    names.some((name) => inner[name] !== undefined && inner[name] !== null);
  if (typeof outer.text_model_id === "string")
    return `a model around ${shortened(outer.text_model_id)}, whose sizes it does not state`;
  if (
    outer !== inner &&
    /(clip|siglip)\w*$|_text_model$|_text$/.test(type) &&
    isObject(outer.vision_config) &&
    "projection_dim" in outer
  )
    return "a model that compares texts with pictures and generates nothing";
  if (inner.is_encoder_decoder === true || (isObject(inner.encoder) && isObject(inner.decoder)))
    return "a model of an encoder and a decoder without a reader";
  if (has(SOUND_FIELDS) || Array.isArray(inner.conv_dim))
    return "a model for sound, which has no prompt of text";
  if (has(["patch_size", "image_size"]) && !has(["vocab_size"]))
    return "a model for pictures, which has no prompt of text";
  if (outer === inner && /_(text|vision|audio)_model$/.test(type))
    return "a part of a model that compares texts with pictures or sounds, which generates nothing";
  if (has(ENCODER_FIELDS) || inner.causal === false || /bert/.test(type) || isOldEncoder(inner))
    return "an encoder, which keeps no cache, without a reader";
  // Counting each layer would give more than there is, so not even a lower bound follows.
  const sharing = SHARING_FIELDS.find((name) => inner[name] === true || Number(inner[name] ?? 0) > 0);
  if (sharing !== undefined)
    return `a model without a reader, some layers of which share weights (${sharing})`;
  if (RECURRENT_NAMES.test(type))
    return "a recurrent model without a reader: its layers keep a state in place of a cache";
  return undefined;
}

/**
 * Encoders after BERT keep its two names for dropout; a class that generates, or heads of keys and values, would say that
 * it is a decoder.
 */
function isOldEncoder(values: Record<string, unknown>): boolean {
  const [name] = Array.isArray(values.architectures) ? (values.architectures as unknown[]) : [];
  const generates = typeof name === "string" && /(CausalLM|LMHeadModel|ConditionalGeneration)$/.test(name);
  return !generates && "attention_probs_dropout_prob" in values && values.num_key_value_heads === undefined;
}

export function refusedKind(where: string, kind: string): BytesperError {
  return new BytesperError(
    "BAD_INPUT",
    `${where} describes ${kind}: what it needs does not follow from this file; give the folder of its checkpoint, whose tensors can be counted.`,
  );
}

function shortened(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 60);
}

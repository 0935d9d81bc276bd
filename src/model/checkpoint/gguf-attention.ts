import type { Attention, Layer, Recurrence } from "../shape.js";
import type { Metadata } from "./gguf.js";

/** Attention or recurrence of one layer, from the metadata of a GGUF file. */
export function attentionOfLayer(
  metadata: Metadata,
  architecture: string,
  layer: number,
  hiddenSize: number,
): Layer {
  const raw = (key: string): unknown => metadata.get(`${architecture}.${key}`);
  /** A number, or the entry of a list with one for each layer. */
  const at = (key: string): number | undefined => {
    const value = raw(key);
    const own = Array.isArray(value) ? (value as number[])[layer] : value;
    return typeof own === "number" && own >= 0 ? own : undefined;
  };
  const heads = at("attention.head_count") ?? 0;
  const kvHeads = at("attention.head_count_kv") ?? heads;
  const inner = at("ssm.inner_size") ?? 0;
  const interval = at("full_attention_interval");
  const recursAlways =
    heads === 0 || kvHeads === 0 || (interval !== undefined && (layer + 1) % interval !== 0);
  const width = feedForwardWidth(at, hiddenSize);
  if (inner > 0 && (recursAlways || architecture === "falcon-h1")) {
    const recurrence = recurrenceOf(at, inner);
    return recursAlways ? { recurrence, ...width } : { recurrence, ...width, ...attention() };
  }
  return heads === 0 || kvHeads === 0 ? width : { ...attention(), ...width };

  function attention(): { attention: Attention } {
    const keyDim = at("attention.key_length") ?? hiddenSize / heads;
    const valueDim = at("attention.value_length") ?? keyDim;
    const latent = at("attention.kv_lora_rank");
    const rotated = at("rope.dimension_count") ?? 0;
    const window = windowOf();
    if (latent !== undefined) {
      const keys = at("attention.key_length_mla") ?? keyDim;
      const values = at("attention.value_length_mla") ?? valueDim;
      return {
        attention: { heads, kvHeads: heads, keyDim: keys, valueDim: values, latentDim: latent + rotated },
      };
    }
    return { attention: { heads, kvHeads, keyDim, valueDim, ...(window === undefined ? {} : { window }) } };
  }

  /** Which layers have the window is a fact of the architecture (set_swa_pattern in llama-model.cpp). */
  function windowOf(): number | undefined {
    const window = at("attention.sliding_window");
    if (window === undefined || window === 0) return undefined;
    const pattern = raw("attention.sliding_window_pattern");
    if (Array.isArray(pattern)) return pattern[layer] === 1 || pattern[layer] === true ? window : undefined;
    const period =
      typeof pattern === "number"
        ? pattern
        : ({ gemma2: 2, gemma3: 6, "gpt-oss": 2, cohere2: 4, exaone4: 4, olmo2: 4 }[architecture] ?? 0);
    return period > 0 && (layer + 1) % period !== 0 ? window : undefined;
  }
}

function feedForwardWidth(
  at: (key: string) => number | undefined,
  hiddenSize: number,
): Pick<Layer, "feedForward"> {
  const dense = at("feed_forward_length") ?? 4 * hiddenSize;
  const used = at("expert_used_count") ?? 0;
  const expert = at("expert_feed_forward_length") ?? dense;
  const width = used > 0 ? 3 * used * expert : 3 * dense;
  return { feedForward: { width, formula: used > 0 ? `${used} experts x 3 x ${expert}` : `3 x ${dense}` } };
}

function recurrenceOf(at: (key: string) => number | undefined, inner: number): Recurrence {
  const state = at("ssm.state_size") ?? 0;
  const kernel = at("ssm.conv_kernel") ?? 4;
  const groups = at("ssm.group_count") ?? 0;
  const channels = inner + 2 * groups * state;
  return {
    stateElements: inner * state,
    convolutionElements: channels * kernel,
    kernel,
    width: 2 * inner + 2 * channels,
  };
}

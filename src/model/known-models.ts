import { modelOf } from "./read.js";
import type { ModelShape } from "./shape.js";

/** The sizes of a named model, with the field names of a `config.json`. */
interface Sizes {
  family: string;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim?: number;
  intermediate: number;
  vocabulary: number;
  positions: number;
  tied?: boolean;
}

const qwen25 = (
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  intermediate: number,
  tied: boolean,
): Sizes => ({
  family: "qwen2",
  hidden,
  layers,
  heads,
  kvHeads,
  intermediate,
  // From 7B on, the vocabulary is padded for tensor parallelism.
  vocabulary: hidden >= 3584 ? 152_064 : 151_936,
  positions: 32_768,
  tied,
});

const qwen3 = (
  hidden: number,
  layers: number,
  heads: number,
  intermediate: number,
  tied: boolean,
): Sizes => ({
  family: "qwen3",
  hidden,
  layers,
  heads,
  kvHeads: 8,
  headDim: 128,
  intermediate,
  vocabulary: 151_936,
  positions: 40_960,
  tied,
});

const llama = (
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  intermediate: number,
  generation: { vocabulary: number; positions: number; tied?: boolean },
): Sizes => ({ family: "llama", hidden, layers, heads, kvHeads, intermediate, ...generation });

const LLAMA_2 = { vocabulary: 32_000, positions: 4096 };
const LLAMA_3 = { vocabulary: 128_256, positions: 8192 };
const LLAMA_31 = { vocabulary: 128_256, positions: 131_072 };

/**
 * Public checkpoints whose name determines their shape. The number must match exactly: -7B must not match
 * -70B.
 */
const MODELS: [name: RegExp, title: string, sizes: Sizes][] = [
  [/^qwen2\.5-.*?\b0\.5b/i, "Qwen2.5-0.5B", qwen25(896, 24, 14, 2, 4864, true)],
  [/^qwen2\.5-.*?\b1\.5b/i, "Qwen2.5-1.5B", qwen25(1536, 28, 12, 2, 8960, true)],
  [/^qwen2\.5-.*?\b3b/i, "Qwen2.5-3B", qwen25(2048, 36, 16, 2, 11_008, true)],
  [/^qwen2\.5-.*?\b7b/i, "Qwen2.5-7B", qwen25(3584, 28, 28, 4, 18_944, false)],
  [/^qwen2\.5-.*?\b14b/i, "Qwen2.5-14B", qwen25(5120, 48, 40, 8, 13_824, false)],
  [/^qwen2\.5-.*?\b32b/i, "Qwen2.5-32B", qwen25(5120, 64, 40, 8, 27_648, false)],
  [/^qwen2\.5-.*?\b72b/i, "Qwen2.5-72B", qwen25(8192, 80, 64, 8, 29_568, false)],
  [/^qwen3-0\.6b/i, "Qwen3-0.6B", qwen3(1024, 28, 16, 3072, true)],
  [/^qwen3-1\.7b/i, "Qwen3-1.7B", qwen3(2048, 28, 16, 6144, true)],
  [/^qwen3-4b/i, "Qwen3-4B", qwen3(2560, 36, 32, 9728, true)],
  [/^qwen3-8b/i, "Qwen3-8B", qwen3(4096, 36, 32, 12_288, false)],
  [/^qwen3-14b/i, "Qwen3-14B", qwen3(5120, 40, 40, 17_408, false)],
  [/^qwen3-32b/i, "Qwen3-32B", qwen3(5120, 64, 64, 25_600, false)],
  [/^llama-2-7b/i, "Llama-2-7B", llama(4096, 32, 32, 32, 11_008, LLAMA_2)],
  [/^llama-2-13b/i, "Llama-2-13B", llama(5120, 40, 40, 40, 13_824, LLAMA_2)],
  [/^llama-2-70b/i, "Llama-2-70B", llama(8192, 80, 64, 8, 28_672, LLAMA_2)],
  [/^llama-3-8b/i, "Llama-3-8B", llama(4096, 32, 32, 8, 14_336, LLAMA_3)],
  [/^llama-3-70b/i, "Llama-3-70B", llama(8192, 80, 64, 8, 28_672, LLAMA_3)],
  [/^llama-3\.1-8b/i, "Llama-3.1-8B", llama(4096, 32, 32, 8, 14_336, LLAMA_31)],
  [/^llama-3\.[13]-70b/i, "Llama-3.1-70B", llama(8192, 80, 64, 8, 28_672, LLAMA_31)],
  [/^llama-3\.2-1b/i, "Llama-3.2-1B", llama(2048, 16, 32, 8, 8192, { ...LLAMA_31, tied: true })],
  [/^llama-3\.2-3b/i, "Llama-3.2-3B", llama(3072, 28, 24, 8, 8192, { ...LLAMA_31, tied: true })],
  [
    /^mistral-7b(?:-instruct)?-v0\.[12]\b/i,
    "Mistral-7B",
    { ...llama(4096, 32, 32, 8, 14_336, { vocabulary: 32_000, positions: 32_768 }), family: "mistral" },
  ],
];

export interface KnownModel {
  title: string;
  shape: ModelShape;
}

export function knownModel(name: string): KnownModel | undefined {
  const found = MODELS.find(([pattern]) => pattern.test(name));
  if (found === undefined) return undefined;
  const [, title, sizes] = found;
  const config = {
    model_type: sizes.family,
    hidden_size: sizes.hidden,
    num_hidden_layers: sizes.layers,
    num_attention_heads: sizes.heads,
    num_key_value_heads: sizes.kvHeads,
    intermediate_size: sizes.intermediate,
    vocab_size: sizes.vocabulary,
    max_position_embeddings: sizes.positions,
    tie_word_embeddings: sizes.tied === true,
    torch_dtype: "bfloat16",
    ...(sizes.headDim === undefined ? {} : { head_dim: sizes.headDim }),
  };
  return { title, shape: modelOf(config, { file: title }) };
}

/** All titles in this table, for checks. */
export const KNOWN_TITLES: readonly string[] = MODELS.map(([, title]) => title);

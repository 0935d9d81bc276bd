import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  adapterTensors,
  elementsOf,
  estimate,
  estimateTraining,
  modelOf,
  readAdapter,
  readAdapterFile,
  readModelFile,
} from "../../../src/model/index.js";
import type { Config } from "./configs.js";
import { TINY } from "./configs.js";

const LORA = { peft_type: "LORA", r: 8, lora_alpha: 16, bias: "none" };

function count(model: Config, adapter: Record<string, unknown>): number {
  const read = readAdapter(JSON.stringify({ ...LORA, ...adapter }), "adapter_config.json");
  return adapterTensors(modelOf(model), read).tensors.reduce((sum, one) => sum + elementsOf(one), 0);
}

const llama = (
  hidden: number,
  intermediate: number,
  layers: number,
  heads: number,
  kvHeads: number,
): Config => ({
  model_type: "llama",
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: kvHeads,
  vocab_size: 32_000,
  tie_word_embeddings: false,
});
const LLAMA_2_7B = llama(4096, 11_008, 32, 32, 32);
const LLAMA_3_8B = llama(4096, 14_336, 32, 32, 8);
const SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
const GPT_OSS_20B: Config = {
  model_type: "gpt_oss",
  hidden_size: 2880,
  intermediate_size: 2880,
  num_hidden_layers: 24,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  head_dim: 64,
  num_local_experts: 32,
  num_experts_per_tok: 4,
  sliding_window: 128,
  vocab_size: 201_088,
  tie_word_embeddings: false,
};

// What `print_trainable_parameters` of PEFT said, by the named source.
test.each<[name: string, trained: number, model: Config, adapter: Record<string, unknown>]>([
  [
    "Llama-2-7B, queries and values (PEFT's README of its LoRA example)",
    4_194_304,
    LLAMA_2_7B,
    { target_modules: ["q_proj", "v_proj"] },
  ],
  [
    "Llama-2-7B, all matrices at rank 64 (QLoRA's script)",
    159_907_840,
    LLAMA_2_7B,
    { r: 64, target_modules: "all-linear" },
  ],
  [
    "Llama-3-8B, seven matrices at rank 16 (Unsloth's notebook)",
    41_943_040,
    LLAMA_3_8B,
    { r: 16, target_modules: SEVEN },
  ],
  [
    "falcon-7b, four matrices at rank 64 (the blog on QLoRA)",
    130_547_712,
    {
      model_type: "falcon",
      hidden_size: 4544,
      num_hidden_layers: 32,
      num_attention_heads: 71,
      multi_query: true,
      new_decoder_architecture: false,
      parallel_attn: true,
      bias: false,
      vocab_size: 65_024,
      tie_word_embeddings: true,
    },
    { r: 64, target_modules: ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"] },
  ],
  [
    "mt0-large, queries and values of both stacks (PEFT's documentation)",
    2_359_296,
    {
      model_type: "mt5",
      d_model: 1024,
      d_ff: 2816,
      d_kv: 64,
      num_heads: 16,
      num_layers: 24,
      num_decoder_layers: 24,
      feed_forward_proj: "gated-gelu",
      vocab_size: 250_112,
      tie_word_embeddings: false,
    },
    { target_modules: ["q", "v"] },
  ],
  [
    "whisper-large-v2 at rank 32 (PEFT's example of speech in 8 bits)",
    15_728_640,
    {
      model_type: "whisper",
      d_model: 1280,
      encoder_layers: 32,
      encoder_attention_heads: 20,
      encoder_ffn_dim: 5120,
      decoder_layers: 32,
      decoder_attention_heads: 20,
      decoder_ffn_dim: 5120,
      num_mel_bins: 80,
      max_source_positions: 1500,
      max_target_positions: 448,
      vocab_size: 51_865,
      tie_word_embeddings: true,
    },
    { r: 32, target_modules: ["q_proj", "v_proj"] },
  ],
  [
    "gpt-oss-20b, all-linear and the experts of three layers (OpenAI's cookbook)",
    15_040_512,
    GPT_OSS_20B,
    {
      target_modules: "all-linear",
      target_parameters: [7, 15, 23].flatMap((layer) => [
        `${layer}.mlp.experts.gate_up_proj`,
        `${layer}.mlp.experts.down_proj`,
      ]),
    },
  ],
])("%s trains %d parameters", (_, trained, model, adapter) => {
  expect(count(model, adapter)).toBe(trained);
});

// TINY: two layers, 8 wide; queries 8 x 8, keys and values 4 x 8, output 8 x 8, blocks 16 wide; 10 words.
const QUERY = 2 * 8 * (8 + 8);
test.each<[what: string, adapter: Record<string, unknown>, expected: number]>([
  ["a pattern for whole names", { target_modules: ".*self_attn\\.(q_proj|v_proj)" }, QUERY + 2 * 8 * (8 + 4)],
  ["single layers", { target_modules: ["q_proj"], layers_to_transform: [1] }, QUERY / 2],
  [
    "a rank of its own for one layer",
    { target_modules: ["q_proj"], rank_pattern: { "layers.1.self_attn.q_proj": 2 } },
    8 * 16 + 2 * 16,
  ],
  [
    "a rank of its own for a kind of matrix",
    { target_modules: ["q_proj", "down_proj"], rank_pattern: { down_proj: 1 } },
    QUERY + 2 * (8 + 16),
  ],
  [
    "lengths (DoRA)",
    { target_modules: ["q_proj", "up_proj"], use_dora: true },
    QUERY + 2 * 8 * (8 + 16) + 2 * (8 + 16),
  ],
  ["a bias of the second matrix", { target_modules: ["v_proj"], lora_bias: true }, 2 * 8 * (8 + 4) + 2 * 4],
  [
    "the head and the embedding, whole",
    { target_modules: ["q_proj"], modules_to_save: ["embed_tokens", "lm_head"] },
    QUERY + 2 * 80,
  ],
  ["an adapted embedding", { target_modules: ["embed_tokens"] }, 8 * (10 + 8)],
  [
    "matrices that are left out",
    { target_modules: "all-linear", exclude_modules: ["o_proj", "k_proj", "v_proj", ...SEVEN.slice(4)] },
    QUERY,
  ],
  ["single words", { target_modules: ["q_proj"], trainable_token_indices: [1, 2, 3] }, QUERY + 3 * 8],
])("%s", (_, adapter, expected) => {
  expect(count(TINY, adapter)).toBe(expected);
});

test("a saved head that shares the embedding is a copy of its own", () => {
  const tied = { ...TINY, tie_word_embeddings: true };
  expect(count(tied, { target_modules: ["q_proj"], modules_to_save: ["lm_head"] })).toBe(QUERY + 80);
});

test.each<[adapter: Record<string, unknown>, sentence: RegExp]>([
  [{ peft_type: "IA3" }, /of the kind "IA3", and bytesper counts those of the kind LORA/],
  [{ r: 0 }, /Expected r of adapter_config.json to be a whole number from 1/],
  [{ r: "8" }, /Expected r .* but it is "8"/],
  [
    { target_modules: ["query_key_value"] },
    /No matrix of llama is named by query_key_value; its matrices are q_proj, /,
  ],
  [{ target_modules: "(" }, /a pattern that bytesper can read/],
  [{ target_modules: [3] }, /target_modules .* a list of names/],
  [{ target_modules: ["q_proj"], bias: "some" }, /bias .* none, all or lora_only/],
  [{ peft_type: undefined }, /has no peft_type/],
])("%j is refused in one sentence", (adapter, sentence) => {
  expect(() => count(TINY, adapter)).toThrow(sentence);
});

test("names that match nothing are said, and inference holds the adapter in fp32", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bytesper-adapter-"));
  try {
    const config = { ...LORA, base_model_name_or_path: "a/b", target_modules: ["q_proj", "nothing"] };
    await writeFile(join(folder, "adapter_config.json"), JSON.stringify(config));
    const { adapter } = await readAdapterFile(folder);
    expect(adapter.base).toBe("a/b");
    const result = estimate(modelOf(TINY), { tokens: 1, adapter });
    expect(result.adapterParameters).toBe(QUERY);
    expect(result.terms.find(({ name }) => name === "adapter")?.bytes).toBe(4 * QUERY);
    expect(result.notes.join(" ")).toMatch(/also names nothing, which no matrix/);
    const training = estimateTraining(modelOf(TINY), { tokens: 1, lora: adapter });
    expect(training.trainedParameters).toBe(QUERY);
    await expect(readModelFile(folder)).rejects.toThrow(
      /holds an adapter for a\/b, not a model; .*--adapter/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

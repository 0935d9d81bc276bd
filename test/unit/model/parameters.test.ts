import { expect, test } from "vitest";
import { kvBytesPerToken, modelOf, parameterCount } from "../../../src/model/index.js";
import type { Config } from "./configs.js";
import { TINY, TINY_HYBRID, TINY_LATENT } from "./configs.js";
import { PUBLISHED_RARE } from "./published-rare.js";
import { PUBLISHED_RECENT } from "./published-recent.js";
import { GUARDED, PUBLISHED } from "./published.js";

function count(config: Config): number {
  return parameterCount(modelOf(config));
}

function product(...shape: number[]): number {
  return shape.reduce((all, dimension) => all * dimension, 1);
}

test("a Llama is its embedding, its layers, a norm and a head", () => {
  // A layer: q 8x8, k and v 4x8, o 8x8, three matrices of 16x8, two norms of 8.
  const layer = 64 + 32 + 32 + 64 + 3 * 128 + 16;
  expect(count(TINY)).toBe(80 + 2 * layer + 8 + 80);
});

test("a tied head is counted once", () => {
  expect(count(TINY) - count({ ...TINY, tie_word_embeddings: true })).toBe(80);
});

test("biases of queries, keys and values are those of Qwen2, and not of its output", () => {
  expect(count({ ...TINY, model_type: "qwen2" }) - count(TINY)).toBe(2 * (8 + 4 + 4));
});

test("Qwen3 norms queries and keys by one head's width", () => {
  expect(count({ ...TINY, model_type: "qwen3", head_dim: 2 }) - count(TINY)).toBe(2 * (2 + 2));
});

test("Gemma 2 has four norms in a layer", () => {
  const gemma = { ...TINY, model_type: "gemma2", head_dim: 2, sliding_window: 4 };
  expect(count(gemma) - count(TINY)).toBe(2 * 2 * 8);
});

test("latent attention, a dense first layer and shared experts", () => {
  // q 20x8, the latent and rotated key 8x8, its norm 6, keys and values 32x6, o 8x20, two norms of 8.
  const attention = 160 + 64 + 6 + 192 + 160 + 16;
  const dense = 3 * 16 * 8;
  // Router 3x8, three experts of 4, and two shared ones as a block of 8.
  const experts = 24 + 3 * 3 * 4 * 8 + 3 * 8 * 8;
  expect(count(TINY_LATENT)).toBe(80 + 2 * attention + dense + experts + 8 + 80);
});

test("a query rank puts two matrices and a norm in place of one", () => {
  // 20x8 becomes 7x8, 7 and 20x7.
  expect(count({ ...TINY_LATENT, q_lora_rank: 7 }) - count(TINY_LATENT)).toBe(2 * (56 + 7 + 140 - 160));
});

test("gated delta nets and gated attention", () => {
  const delta = 256 + 160 + 32 + 32 + 128 + 4 + 4 + 5 + 160;
  // The query projection is twice as wide: half of it is the gate.
  const attention = 128 + 32 + 32 + 64 + 4 + 4;
  const rest = 3 * 128 + 16;
  expect(count(TINY_HYBRID)).toBe(80 + 3 * delta + attention + 4 * rest + 8);
});

const GEMMA4: Config = {
  ...TINY,
  model_type: "gemma4_text",
  tie_word_embeddings: true,
  num_hidden_layers: 4,
  layer_types: ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
  sliding_window: 4,
  head_dim: 2,
  global_head_dim: 4,
  hidden_size_per_layer_input: 0,
};

test("full layers of Gemma 4 have heads of their own", () => {
  // Layer: dense block, four norms; sliding q, k, v, o and norms of 2; full ones twice as wide.
  const rest = 3 * 128 + 4 * 8;
  const sliding = 64 + 32 + 32 + 64 + 2 + 2;
  const full = 128 + 64 + 64 + 128 + 4 + 4;
  expect(count(GEMMA4)).toBe(80 + 2 * sliding + 2 * full + 4 * rest + 8);
});

test("layers of Gemma 4 that share a cache have neither keys nor values, and may have double blocks", () => {
  const shared = { ...GEMMA4, num_kv_shared_layers: 1 };
  expect(count(GEMMA4) - count(shared)).toBe(64 + 64 + 4);
  expect(count({ ...shared, use_double_wide_mlp: true }) - count(shared)).toBe(3 * 128);
});

test("values of Gemma 4 that are its keys have no matrix", () => {
  const served = { ...GEMMA4, attention_k_eq_v: true, num_global_key_value_heads: 1 };
  // One head in place of two: keys 4x8 fewer, and values gone.
  expect(count(GEMMA4) - count(served)).toBe(2 * (32 + 64));
});

test("experts of Gemma 4 stand beside the dense block", () => {
  const experts = {
    ...GEMMA4,
    enable_moe_block: true,
    num_experts: 4,
    top_k_experts: 2,
    moe_intermediate_size: 5,
  };
  // Router 4x8 with its two scales, experts 3x5x8 each, three more norms.
  expect(count(experts) - count(GEMMA4)).toBe(4 * (32 + 8 + 4 + 4 * 120 + 24));
});

test("embeddings of each layer of Gemma 4", () => {
  const each = { ...GEMMA4, hidden_size_per_layer_input: 3, vocab_size_per_layer_input: 6 };
  // Table 6x12, projection 12x8, norm 3; in a layer 3x8, 8x3 and a norm.
  expect(count(each) - count(GEMMA4)).toBe(72 + 96 + 3 + 4 * (24 + 24 + 8));
});

test("Nemotron-H reads one block for each letter of its pattern", () => {
  const model = {
    ...TINY,
    model_type: "nemotron_h",
    hybrid_override_pattern: "M*-",
    head_dim: 2,
    mamba_num_heads: 2,
    mamba_head_dim: 3,
    ssm_state_size: 5,
    n_groups: 1,
    conv_kernel: 4,
  };
  // Mamba-2: 6 inner, 16 channels; in 24x8, convolution 16x4 + 16, 3 x 2 scalars, norm 6, out 8x6.
  const mamba = 192 + 64 + 16 + 6 + 6 + 48;
  const attention = 64 + 32 + 32 + 64;
  const dense = 2 * 128;
  expect(count(model)).toBe(80 + mamba + attention + dense + 3 * 8 + 8 + 80);
});

// Second route for architectures in full size: the shapes of the checkpoint written out.
test("Llama-3-8B from the shapes of its checkpoint", () => {
  const layer = product(4096, 4096) * 2 + product(1024, 4096) * 2 + product(14336, 4096) * 3 + 2 * 4096;
  const shapes = product(128256, 4096) * 2 + 32 * layer + 4096;
  expect(shapes).toBe(8_030_261_248);
  expect(
    count({
      model_type: "llama",
      hidden_size: 4096,
      intermediate_size: 14336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      vocab_size: 128256,
      tie_word_embeddings: false,
    }),
  ).toBe(shapes);
});

test("GPT-2 from the shapes of its checkpoint", () => {
  const layer =
    768 * 2 +
    (product(768, 2304) + 2304) +
    (product(768, 768) + 768) +
    768 * 2 +
    (product(768, 3072) + 3072) +
    (product(3072, 768) + 768);
  const shapes = product(50257, 768) + product(1024, 768) + 12 * layer + 768 * 2;
  expect(shapes).toBe(124_439_808);
  expect(
    count({ model_type: "gpt2", n_embd: 768, n_layer: 12, n_head: 12, n_positions: 1024, vocab_size: 50257 }),
  ).toBe(shapes);
});

test("DeepSeek-V2-Lite from the shapes of its checkpoint", () => {
  const attention =
    product(3072, 2048) + product(576, 2048) + 512 + product(4096, 512) + product(2048, 2048) + 2 * 2048;
  const dense = 3 * product(10944, 2048);
  const experts = product(64, 2048) + 64 * 3 * product(1408, 2048) + 3 * product(2816, 2048);
  const shapes = 2 * product(102400, 2048) + 27 * attention + dense + 26 * experts + 2048;
  expect(shapes).toBe(15_706_484_224);
  expect(
    count({
      ...TINY_LATENT,
      hidden_size: 2048,
      intermediate_size: 10944,
      moe_intermediate_size: 1408,
      n_routed_experts: 64,
      num_experts_per_tok: 6,
      num_hidden_layers: 27,
      num_attention_heads: 16,
      num_key_value_heads: 16,
      kv_lora_rank: 512,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 128,
      v_head_dim: 128,
      vocab_size: 102400,
    }),
  ).toBe(shapes);
});

test("Qwen3-30B-A3B from the shapes of its checkpoint", () => {
  const attention = 2 * product(4096, 2048) + 2 * product(512, 2048) + 2 * 128 + 2 * 2048;
  const experts = product(128, 2048) + 128 * 3 * product(768, 2048);
  const shapes = 2 * product(151936, 2048) + 48 * (attention + experts) + 2048;
  expect(shapes).toBe(30_532_122_624);
  expect(
    count({
      model_type: "qwen3_moe",
      hidden_size: 2048,
      intermediate_size: 6144,
      moe_intermediate_size: 768,
      num_hidden_layers: 48,
      num_attention_heads: 32,
      num_key_value_heads: 4,
      head_dim: 128,
      num_experts: 128,
      num_experts_per_tok: 8,
      vocab_size: 151936,
      tie_word_embeddings: false,
    }),
  ).toBe(shapes);
});

test.each(PUBLISHED)("%s has the published %d parameters", (_, parameters, config) => {
  expect(count(config)).toBe(parameters);
});

test.each([...PUBLISHED_RECENT, ...PUBLISHED_RARE])(
  "%s has the published %d parameters and caches %d B a token",
  (_, parameters, bytes, config) => {
    const model = modelOf(config);
    expect(parameterCount(model)).toBe(parameters);
    expect(model.uncounted).toBeUndefined();
    expect(kvBytesPerToken(model, "bf16")).toBe(bytes);
  },
);

test.each(GUARDED)("%s still has %d parameters", (_, parameters, config) => {
  expect(count(config)).toBe(parameters);
});

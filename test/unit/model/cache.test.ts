import { expect, test } from "vitest";
import {
  estimate,
  kvBytes,
  kvBytesPerToken,
  kvBytesPerTokenBeyondWindows,
  kvExpandedBytesPerToken,
  modelOf,
  stateBytes,
} from "../../../src/model/index.js";
import { DEEPSEEK_V2, TINY, TINY_HYBRID, TINY_LATENT } from "./configs.js";

const WINDOWED = {
  ...TINY,
  model_type: "gemma2",
  head_dim: 2,
  sliding_window: 4,
  num_hidden_layers: 4,
};

test("grouped-query attention caches keys and values of the key/value heads", () => {
  // 2 layers x 2 heads x (2 + 2) x 2 B.
  expect(kvBytesPerToken(modelOf(TINY), "bf16")).toBe(32);
});

test("multi-query and multi-head attention differ by the heads that they cache", () => {
  expect(kvBytesPerToken(modelOf({ ...TINY, num_key_value_heads: 1 }), "bf16")).toBe(16);
  expect(kvBytesPerToken(modelOf({ ...TINY, num_key_value_heads: 4 }), "bf16")).toBe(64);
});

test("without key/value heads there are as many as query heads, and a note says so", () => {
  const { num_key_value_heads: removed, ...rest } = TINY;
  expect(removed).toBe(2);
  const model = modelOf(rest);
  expect(kvBytesPerToken(model, "bf16")).toBe(64);
  expect(model.notes.join(" ")).toMatch(/no num_key_value_heads .*: 4 is taken/);
});

test("a given head_dim counts, not hidden size / heads", () => {
  expect(kvBytesPerToken(modelOf({ ...TINY, head_dim: 6 }), "bf16")).toBe(96);
});

test("latent attention caches one latent and one rotated key for all heads", () => {
  // 2 layers x (6 + 2) x 2 B; expanded 2 layers x 4 heads x (5 + 5) x 2 B.
  expect(kvBytesPerToken(modelOf(TINY_LATENT), "bf16")).toBe(32);
  expect(kvExpandedBytesPerToken(modelOf(TINY_LATENT), "bf16")).toBe(160);
});

test("DeepSeek-V2 caches 34,560 numbers a token", () => {
  expect(kvBytesPerToken(modelOf(DEEPSEEK_V2), "bf16")).toBe(2 * 34_560);
});

test("layers with a window keep no more tokens than it has", () => {
  const model = modelOf(WINDOWED);
  // A layer caches 16 B a token; two of the four have a window of 4.
  expect(kvBytesPerToken(model, "bf16")).toBe(64);
  expect(kvBytesPerTokenBeyondWindows(model, "bf16")).toBe(32);
  expect(kvBytes(model, 4, "bf16")).toBe(4 * 64);
  expect(kvBytes(model, 10, "bf16")).toBe(4 * 64 + 6 * 32);
  expect(estimate(model, { tokens: 10, batch: 3 }).kvFullLengthBytes).toBe(3 * 10 * 64);
});

test("use_sliding_window decides for Qwen, and the first max_window_layers see all", () => {
  const qwen = { ...TINY, model_type: "qwen2", sliding_window: 4, max_window_layers: 1 };
  expect(kvBytes(modelOf({ ...qwen, use_sliding_window: false }), 10, "bf16")).toBe(10 * 32);
  expect(kvBytes(modelOf({ ...qwen, use_sliding_window: true }), 10, "bf16")).toBe((10 + 4) * 16);
});

test("layer_types decide over the family's pattern", () => {
  const types = ["full_attention", "full_attention", "full_attention", "sliding_attention"];
  expect(kvBytes(modelOf({ ...WINDOWED, layer_types: types }), 10, "bf16")).toBe((3 * 10 + 4) * 16);
});

test("a Mistral window holds in every layer", () => {
  const mistral = { ...TINY, model_type: "mistral", sliding_window: 4 };
  expect(kvBytes(modelOf(mistral), 10, "bf16")).toBe(4 * 32);
});

test("layers that share a cache add none", () => {
  const gemma4 = {
    ...WINDOWED,
    model_type: "gemma4_text",
    hidden_size_per_layer_input: 0,
    layer_types: ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
    global_head_dim: 4,
    num_kv_shared_layers: 2,
  };
  // One sliding layer of 16 B and one full of 32 B.
  expect(kvBytesPerToken(modelOf(gemma4), "bf16")).toBe(48);
});

test("recurrent layers have a state of fixed size and no cache", () => {
  const model = modelOf(TINY_HYBRID);
  expect(kvBytesPerToken(model, "bf16")).toBe(16);
  // 3 layers x (4 heads x 3 x 5 x 4 B + 32 channels x 4 x 2 B).
  expect(stateBytes(model, "bf16")).toBe(3 * (240 + 256));
  const state = estimate(model, { tokens: 10, batch: 2 }).terms.find(
    ({ name }) => name === "recurrent state",
  );
  expect(state?.bytes).toBe(2 * 3 * (240 + 256));
});

test("a pure Mamba caches nothing, whatever the length", () => {
  const mamba = {
    model_type: "mamba",
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 2,
    state_size: 3,
    conv_kernel: 4,
    time_step_rank: 1,
    vocab_size: 10,
  };
  expect(kvBytes(modelOf(mamba), 1_000_000, "bf16")).toBe(0);
  expect(stateBytes(modelOf(mamba), "bf16")).toBe(2 * (16 * 3 * 4 + 16 * 4 * 2));
});

test("the cache's type need not be the model's", () => {
  const { kvBytes: bytes, kvBytesPerToken: perToken } = estimate(modelOf(TINY_LATENT), {
    tokens: 20,
    batch: 2,
    cacheDtype: "q8_0",
  });
  // 16 numbers, 34 bytes for each 32.
  expect(perToken).toBe(17);
  expect(bytes).toBe(2 * 20 * 17);
});

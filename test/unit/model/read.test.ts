import { describe, expect, test } from "vitest";
import { BytesperError } from "../../../src/base/errors.js";
import {
  FAMILIES,
  kvBytesPerToken,
  modelOf,
  parameterCount,
  readModel,
  estimate,
} from "../../../src/model/index.js";
import type { Config } from "./configs.js";
import { TINY, TINY_HYBRID, TINY_LATENT } from "./configs.js";

function refusal(config: unknown, family?: string): string {
  try {
    modelOf(config, family === undefined ? {} : { family });
  } catch (error) {
    if (error instanceof BytesperError && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error("it was read");
}

function without(config: Config, ...names: string[]): Config {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)));
}

describe("a missing field is named", () => {
  test.each([
    [TINY, "hidden_size"],
    [TINY, "intermediate_size"],
    [TINY, "num_hidden_layers"],
    [TINY, "num_attention_heads"],
    [TINY, "vocab_size"],
    [TINY_LATENT, "kv_lora_rank"],
    [TINY_LATENT, "qk_rope_head_dim"],
    [TINY_LATENT, "v_head_dim"],
    [TINY_LATENT, "n_routed_experts"],
    [TINY_LATENT, "num_experts_per_tok"],
    [TINY_LATENT, "n_shared_experts"],
    [TINY_LATENT, "first_k_dense_replace"],
    [{ ...TINY, model_type: "mixtral", num_experts_per_tok: 2 }, "num_local_experts"],
    [{ ...TINY, model_type: "gemma2", head_dim: 2 }, "sliding_window"],
    [
      {
        ...TINY,
        model_type: "gemma3",
        sliding_window: 4,
        layer_types: Array(2).fill("chunked_attention"),
      },
      "attention_chunk_size",
    ],
  ] as [Config, string][])("%# %s", (config, name) => {
    expect(refusal(without(config, name))).toMatch(
      new RegExp(`^config\\.json has no ${name}\\b.*; add it\\.$`),
    );
  });

  test("inside a nested object, with its place", () => {
    const text = without(TINY_HYBRID.text_config as Config, "linear_key_head_dim");
    expect(refusal({ ...TINY_HYBRID, text_config: text })).toMatch(
      /^text_config in config\.json has no linear_key_head_dim, /,
    );
  });
});

describe("an absurd value is named", () => {
  test.each([
    ["num_attention_heads", 0],
    ["num_hidden_layers", 1e12],
    ["num_hidden_layers", -1],
    ["hidden_size", "8"],
    ["hidden_size", 8.5],
    ["hidden_size", 2 ** 60],
    ["vocab_size", 0],
    ["num_key_value_heads", 3],
    ["num_key_value_heads", 8],
    ["head_dim", 0],
    ["intermediate_size", true],
    ["intermediate_size", [1]],
    ["tie_word_embeddings", "yes"],
    ["max_position_embeddings", -5],
  ])("%s %j", (name, value) => {
    expect(refusal({ ...TINY, [name]: value })).toMatch(
      new RegExp(`^Expected ${name} of config\\.json to be .*\\.$`),
    );
  });

  test.each([
    [
      { ...TINY, num_attention_heads: 3, num_key_value_heads: 3 },
      /num_attention_heads .* a divisor of the hidden/,
    ],
    [{ ...TINY_LATENT, num_experts_per_tok: 4 }, /num_experts_per_tok .* at most the 3 experts, but it is 4/],
    [{ ...TINY, model_type: "mistral", sliding_window: 0 }, /sliding_window .* whole number from 1/],
    [
      { ...TINY, model_type: "gemma2", head_dim: 2, sliding_window: 4, layer_types: ["full_attention"] },
      /a list of 2/,
    ],
    [
      { ...TINY, model_type: "gemma2", head_dim: 2, sliding_window: 4, layer_types: ["odd", "odd"] },
      /"odd" is none/,
    ],
  ] as [Config, RegExp][])("%#", (config, sentence) => {
    expect(refusal(config)).toMatch(sentence);
  });

  test("sizes that make more parameters than can be counted", () => {
    const wide = { hidden_size: 2 ** 24, intermediate_size: 2 ** 24, num_hidden_layers: 10_000 };
    expect(refusal({ ...TINY, ...wide })).toMatch(/more than 2\^53 parameters/);
  });
});

test("an unknown architecture says what is known and what is missing", () => {
  expect(refusal({ ...without(TINY, "vocab_size"), model_type: "nova" })).toMatch(
    /the architecture "nova", which bytesper does not know: known are layers 2, hidden size 8, heads 4, key\/value heads 2, missing is which tensors its layers hold and what they cache, vocabulary; .* --family/,
  );
  expect(refusal({})).toMatch(/names no architecture \(model_type\): nothing of its size is known/);
});

test("a family that is named is taken in place of the file's", () => {
  const nova = { ...TINY, model_type: "nova" };
  expect(parameterCount(modelOf(nova, { family: "llama" }))).toBe(parameterCount(modelOf(TINY)));
  expect(refusal(nova, "nova")).toMatch(/^"nova" is not a family that bytesper knows; give one of .*llama/);
});

test("class names serve where a file has no model_type", () => {
  const named = { ...without(TINY, "model_type"), architectures: ["Qwen2ForCausalLM"] };
  expect(modelOf(named).family).toBe("qwen2");
});

test("names of objects are no families", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    expect(modelOf({ ...TINY, model_type: name }).uncounted?.[0]).toMatch(/does not know/);
    expect(refusal({ model_type: name })).toMatch(/does not know/);
  }
});

test("an unknown decoder with layers, heads and widths is read, and its weights are a lower bound", () => {
  const nova = { ...TINY, model_type: "nova", gating_rank: 3 };
  const model = modelOf({ ...nova, hidden_act: "silu" });
  expect(parameterCount(model)).toBe(parameterCount(modelOf(TINY)));
  // Without an activation that gates, one matrix of 16 x 8 less in each of two layers; a head that may be the embedding.
  expect(parameterCount(modelOf(nova))).toBe(parameterCount(modelOf(TINY)) - 2 * 16 * 8);
  const untold = without({ ...nova, hidden_act: "gelu" }, "tie_word_embeddings");
  expect(parameterCount(modelOf(untold))).toBe(parameterCount(modelOf(TINY)) - 2 * 16 * 8 - 80);
  expect(model.uncounted).toHaveLength(2);
  expect(model.uncounted?.[0]).toMatch(/^bytesper does not know "nova": the cache is that of 2 layers/);
  expect(model.uncounted?.[1]).toMatch(/may mean tensors which are not counted: gating_rank 3\.$/);
  expect(estimate(model, { tokens: 1 }).isLowerBound).toBe(true);
});

test.each([
  [{ num_experts: 4, num_experts_per_tok: 2 }, 2 * (3 * 3 * 16 * 8 + 4 * 8)],
  [{ num_experts: 1, num_experts_per_tok: 1 }, 0],
])("a dense family whose config has experts %j has their tensors", (more, expected) => {
  // Each further expert has three matrices of 16x8 in each of the two layers; the router has 4x8.
  expect(parameterCount(modelOf({ ...TINY, ...more })) - parameterCount(modelOf(TINY))).toBe(expected);
});

test.each([
  ["LlamaForCausalLM", 0],
  ["LlamaModel", -80],
  ["LlamaForSequenceClassification", -80 + 3 * 8],
])("the head is that of %s", (architecture, more) => {
  const labels = { id2label: { 0: "a", 1: "b", 2: "c" } };
  const model = modelOf({ ...TINY, ...labels, architectures: [architecture] });
  expect(parameterCount(model) - parameterCount(modelOf(TINY))).toBe(more);
});

test.each([
  [
    { _class_name: "UNet2DConditionModel", attention_head_dim: 8 },
    /diffusers pipeline \(UNet2DConditionModel\)/,
  ],
  [{ ...TINY, architectures: ["LlamaForCausalLMEagle3"], draft_vocab_size: 4 }, /a draft model .*Eagle3/],
  [{ medusa_num_heads: 2, medusa_num_layers: 1 }, /a draft model .*medusa_num_heads/],
  [
    { ...TINY, model_type: "hubert", architectures: ["HubertForCTC"] },
    /a HubertForCTC, which is no language model/,
  ],
  [{ ...TINY, model_type: "wav", conv_dim: [4, 4] }, /a model for sound/],
  [{ ...without(TINY, "vocab_size"), model_type: "vit", patch_size: 2 }, /a model for pictures/],
  [{ ...TINY, model_type: "nova", type_vocab_size: 2 }, /an encoder/],
  [{ ...TINY, model_type: "clip_text_model" }, /a part of a model that compares/],
  [
    { ...without(TINY, "num_key_value_heads"), model_type: "esm", attention_probs_dropout_prob: 0 },
    /an encoder/,
  ],
  [{ ...TINY, model_type: "rwkv9" }, /a recurrent model/],
  [{ ...TINY, model_type: "nova", is_encoder_decoder: true }, /an encoder and a decoder/],
  [{ model_type: "around", text_model_id: "some/model", text_config: {} }, /a model around some\/model/],
  [
    { projection_dim: 4, vision_config: {}, text_config: { ...TINY, model_type: "clip_text_model" } },
    /compares texts with pictures/,
  ],
] as [Config, RegExp][])("what is no language model with known layers is told: %#", (config, sentence) => {
  const said = refusal(config);
  expect(said).toMatch(sentence);
  expect(said).toMatch(/^config\.json describes a.*; give the folder of its checkpoint, .*\.$/);
});

test.each([
  [{ architectures: ["LlamaForHouseholds"] }, /LlamaForHouseholds is not known/],
  [{ architectures: ["SkyForCausalLM"] }, /SkyForCausalLM is not one of the architecture llama/],
  [{ vision_tower: "someone/clip" }, /vision_tower someone\/clip/],
  [{ audio_tokenizer_config: { layers: 3 } }, /audio_tokenizer_config/],
] as [Config, RegExp][])("a class or a field that may add tensors is a doubt: %j", (more, sentence) => {
  expect(modelOf({ ...TINY, ...more }).uncounted?.join(" ")).toMatch(sentence);
});

test("a model around the language model of another kind is a doubt", () => {
  const model = modelOf({ model_type: "seeing", text_config: TINY });
  expect(model.uncounted?.join(" ")).toMatch(/model around the language model \(seeing\)/);
});

test.each([
  ["Qwen2ForRewardModel", 8 * 8 + 8 + 8 + 1],
  ["Qwen2ForProcessRewardModel", 8 * 8 + 8 + 2 * 8 + 2],
])("the head of %s has two matrices with biases", (architecture, head) => {
  const qwen2 = { ...TINY, model_type: "qwen2" };
  const model = modelOf({ ...qwen2, architectures: [architecture] });
  expect(parameterCount(model) - parameterCount(modelOf(qwen2))).toBe(head - 80);
});

test("a family that the user names is read with a warning that it cannot be checked", () => {
  const model = modelOf({ ...TINY, model_type: "nova" }, { family: "llama" });
  expect(model.notes.join(" ")).toMatch(/--family llama reads a file that says nova/);
});

test("what Python writes for numbers without a value is read, and text is left alone", () => {
  const text = JSON.stringify({ ...TINY, time_step_limit: "LIMIT", name: "NaN and Infinity" });
  const model = readModel(text.replace('"LIMIT"', "[0.0, Infinity, -Infinity, NaN]"));
  expect(parameterCount(model)).toBe(parameterCount(modelOf(TINY)));
});

test("a list with one entry for each layer gives the count that is missing, and an empty list means the default", () => {
  const types = Array<string>(3).fill("full_attention");
  const { num_hidden_layers: removed, ...rest } = TINY;
  expect(removed).toBe(2);
  expect(modelOf({ ...rest, layer_types: types }).layers).toHaveLength(3);
  expect(modelOf({ ...TINY, model_type: "olmo3", sliding_window: 4, layer_types: [] }).layers).toHaveLength(
    2,
  );
});

test("a language model inside a larger one takes the sizes of its class where the file has none, and says so", () => {
  const model = modelOf({ model_type: "llava", text_config: { model_type: "llama", vocab_size: 32_064 } });
  // Llama-2-7B with 64 words more.
  expect(parameterCount(model)).toBe(6_738_415_616 + 2 * 64 * 4096);
  expect(model.notes.join(" ")).toMatch(/no num_hidden_layers.*32 is taken/);
});

test.each([
  ["", /it is not JSON/],
  ['{"model_type": "llama", "hidden_size": 40', /it is not JSON/],
  ["\u0000\u0001\u0002ELF", /it is not JSON/],
  ["[]", /it is a list/],
  ["null", /it is null/],
  ["3", /it is 3/],
])("%j is refused in one sentence", (text, sentence) => {
  expect(() => readModel(text)).toThrow(sentence);
});

test("the language model is found in text_config, llm_config and language_config, also two deep", () => {
  const expected = parameterCount(modelOf(TINY));
  for (const key of ["text_config", "llm_config", "language_config"]) {
    const model = modelOf({ model_type: "seeing", [key]: TINY, vision_config: { hidden_size: 3 } });
    expect(parameterCount(model)).toBe(expected);
    expect(model.uncounted?.join(" ")).toMatch(/tower for images/);
  }
  expect(parameterCount(modelOf({ thinker_config: { text_config: TINY } }))).toBe(expected);
});

test("what only the whole file says counts for the language model", () => {
  const inner = without(TINY, "torch_dtype", "tie_word_embeddings");
  const model = modelOf({ torch_dtype: "float16", tie_word_embeddings: true, text_config: inner });
  expect(model.dtype).toBe("float16");
  expect(parameterCount(model)).toBe(parameterCount(modelOf(TINY)) - 80);
});

test("GPT-2's spellings", () => {
  const gpt2 = { model_type: "gpt2", n_embd: 8, n_layer: 2, n_head: 4, n_positions: 6, vocab_size: 10 };
  expect(kvBytesPerToken(modelOf(gpt2), "fp16")).toBe(2 * 4 * 4 * 2);
});

test("Gemma 3's defaults are those of its class, in a nested object only, and noted", () => {
  const inner = {
    model_type: "gemma3_text",
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    sliding_window: 4,
  };
  const model = modelOf({ model_type: "gemma3", text_config: inner });
  expect(model.layers[0]?.attention).toMatchObject({ heads: 8, kvHeads: 4, keyDim: 256 });
  expect(model.notes.filter((note) => note.includes("is taken"))).toHaveLength(5);
  expect(refusal(inner)).toMatch(/has no vocab_size/);
});

test("every family says what it lacks in a file that has nothing else", () => {
  for (const family of FAMILIES) {
    expect(refusal({ model_type: family })).toMatch(/^config\.json has no .*; add it\.$/);
  }
});

test("a list of layers that are all of the usual type is no doubt, one with windows is", () => {
  const doubts = (types: string[]): readonly string[] | undefined =>
    modelOf({ ...TINY, model_type: "qwen3", use_sliding_window: false, layer_types: types }).uncounted;
  expect(doubts(["full_attention", "full_attention"])).toBeUndefined();
  expect(doubts(["full_attention", "sliding_attention"])?.join()).toMatch(/layer_types/);
});

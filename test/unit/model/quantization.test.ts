import { expect, test } from "vitest";
import { estimate, modelOf, parseWeightFormat } from "../../../src/model/index.js";
import type { Config } from "./configs.js";
import { TINY } from "./configs.js";
import { PUBLISHED_RARE } from "./published-rare.js";

/** TINY with matrices that hold whole groups: hidden 256, blocks of 512, two layers. */
const SMALL: Config = {
  ...TINY,
  hidden_size: 256,
  intermediate_size: 512,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  vocab_size: 1000,
};
// Matrices of a layer: four of 256 x 256, three of 512 x 256; rows 4 x 256 + 2 x 512 + 256.
const MATRICES = 2 * (4 * 256 * 256 + 3 * 512 * 256);
const ROWS = 2 * (4 * 256 + 2 * 512 + 256);
const COLUMNS = 2 * (4 * 256 + 2 * 256 + 512);
// Embedding, head and five norms stay in 16 bits.
const WHOLE = 2 * (2 * 1000 * 256 + 5 * 256);

function bytes(config: Config, options: { dtype?: string; file?: string } = {}): number {
  const { file, ...rest } = options;
  return estimate(modelOf(config, file === undefined ? {} : { file }), { tokens: 1, ...rest }).weightsBytes;
}

const inConfig = (quantization_config: Config): Config => ({ ...SMALL, quantization_config });
const compressed = (weights: Config, more: Config = {}): Config =>
  inConfig({
    quant_method: "compressed-tensors",
    config_groups: { group_0: { targets: ["Linear"], weights } },
    ...more,
  });

test.each<[name: string, config: Config, expected: number]>([
  [
    "GPTQ",
    inConfig({ quant_method: "gptq", bits: 4, group_size: 128 }),
    MATRICES * (0.5 + 2.5 / 128) + COLUMNS * 4,
  ],
  [
    "AWQ",
    inConfig({ quant_method: "awq", bits: 4, group_size: 64, zero_point: true }),
    MATRICES * (0.5 + 2.5 / 64),
  ],
  ["NF4", inConfig({ quant_method: "bitsandbytes", load_in_4bit: true }), MATRICES * (0.5 + 4 / 64)],
  [
    "NF4 with quantised scales",
    inConfig({ quant_method: "bitsandbytes", load_in_4bit: true, bnb_4bit_use_double_quant: true }),
    MATRICES * (0.5 + 1 / 64 + 4 / (64 * 256)),
  ],
  ["LLM.int8()", inConfig({ quant_method: "bitsandbytes", load_in_8bit: true }), MATRICES + 4 * ROWS],
  [
    "FP8 in blocks",
    inConfig({ quant_method: "fp8", weight_block_size: [128, 128] }),
    MATRICES + (4 * MATRICES) / 128 ** 2,
  ],
  [
    "compressed-tensors, 8 bit",
    compressed({ num_bits: 8, type: "float", strategy: "channel" }),
    MATRICES + 2 * ROWS,
  ],
  [
    "compressed-tensors, 4 bit in groups",
    compressed({ num_bits: 4, type: "int", group_size: 128, symmetric: true }),
    MATRICES * (0.5 + 2 / 128),
  ],
  ["NVFP4", compressed({ num_bits: 4, type: "float", group_size: 16 }), MATRICES * (0.5 + 1 / 16)],
  ["modelopt", inConfig({ quant_method: "modelopt", quant_algo: "NVFP4" }), MATRICES * (0.5 + 1 / 16)],
  [
    "a query matrix that is left whole",
    compressed({ num_bits: 4, type: "float", group_size: 16 }, { ignore: ["lm_head", "re:.*q_proj$"] }),
    (MATRICES - 2 * 256 * 256) * (0.5 + 1 / 16) + 2 * 2 * 256 * 256,
  ],
  [
    "the query matrix of one of two layers left whole",
    compressed(
      { num_bits: 4, type: "float", group_size: 16 },
      { ignore: ["model.layers.1.self_attn.q_proj"] },
    ),
    (MATRICES - 256 * 256) * (0.5 + 1 / 16) + 2 * 256 * 256,
  ],
])("%s: scales are counted, embedding and head stay whole", (_, config, expected) => {
  expect(bytes(config)).toBe(Math.ceil(expected + WHOLE));
});

test("MLX also quantises embedding and head, in either spelling of the key", () => {
  const expected = (MATRICES + 2 * 1000 * 256) * (0.5 + 4 / 64) + 2 * 5 * 256;
  const mlx = { bits: 4, group_size: 64 };
  expect(bytes({ ...SMALL, quantization: mlx })).toBe(expected);
  expect(bytes({ ...SMALL, quantization: mlx, quantization_config: mlx })).toBe(expected);
});

test("gpt-oss keeps everything but its experts in 16 bits", () => {
  const config = {
    ...SMALL,
    model_type: "mixtral",
    sliding_window: null,
    num_local_experts: 4,
    num_experts_per_tok: 2,
    quantization_config: { quant_method: "mxfp4" },
  };
  // Each layer: four experts with three matrices of 512 x 256, a router of 4 x 256, attention of 4 x 256 x 256.
  const experts = 2 * 4 * 3 * 512 * 256;
  expect(bytes(config)).toBe((experts * 17) / 32 + 2 * 2 * (4 * 256 + 4 * 256 * 256) + WHOLE);
});

test("a method that is not known is no silent 16 bits", () => {
  const result = estimate(modelOf(inConfig({ quant_method: "novelty" })), { tokens: 1 });
  // Sixteen bits are more than it has, so the sum is no lower bound.
  expect(result.isLowerBound).toBeUndefined();
  expect(result.notes[0]).toMatch(/quantised by "novelty", which bytesper does not know: .* an upper bound/);
});

test.each([
  [{ quant_method: "novelty", bits: 4.25 }, 4.25],
  [{ quant_method: "aqlm", nbits_per_codebook: 16, num_codebooks: 1, in_group_size: 8 }, 2],
])("of a method that is not known, the bits in the config count: %j", (quantization_config, bits) => {
  expect(bytes(inConfig(quantization_config))).toBe(Math.ceil((MATRICES * bits) / 8 + WHOLE));
});

test("a format in the name of the file counts where the config names none, and is said", () => {
  const expected = MATRICES + 4 * ROWS + WHOLE;
  expect(bytes(SMALL, { file: "models/Small-Instruct-FP8.json" })).toBe(expected);
  expect(bytes(SMALL, { file: "Small-FP8/config.json" })).toBe(expected);
  expect(bytes(SMALL, { file: "models/Small.json" })).toBe(2 * MATRICES + WHOLE);
  const { notes } = estimate(modelOf(SMALL, { file: "Small-FP8.json" }), { tokens: 1 });
  expect(notes.join(" ")).toMatch(/The name says fp8/);
});

test.each<[dtype: string, expected: number]>([
  ["fp8", MATRICES + 4 * ROWS + WHOLE],
  ["awq", MATRICES * (0.5 + 2.5 / 128) + WHOLE],
  ["nf4", MATRICES * (0.5 + 1 / 64 + 4 / (64 * 256)) + WHOLE],
  ["mxfp4", MATRICES * (0.5 + 1 / 32) + WHOLE],
  // Every matrix in blocks of 34 B for 32 numbers, norms in fp32.
  ["q8_0", ((MATRICES + 2 * 1000 * 256) * 34) / 32 + 4 * 5 * 256],
  // The head in q6_K (210 B for 256 numbers).
  ["q4_k_s", ((MATRICES + 1000 * 256) * 144) / 256 + (1000 * 256 * 210) / 256 + 4 * 5 * 256],
])("--dtype %s", (dtype, expected) => {
  expect(bytes(SMALL, { dtype: parseWeightFormat(dtype) })).toBe(Math.ceil(expected));
});

test("a plain int4 says what it leaves out", () => {
  expect(estimate(modelOf(SMALL), { tokens: 1, dtype: "int4" }).notes.join(" ")).toMatch(/no scales/);
});

const plain = (
  model_type: string,
  sizes: [
    hidden: number,
    intermediate: number,
    layers: number,
    heads: number,
    kvHeads: number,
    words: number,
  ],
  more: Config = {},
): Config => {
  const [
    hidden_size,
    intermediate_size,
    num_hidden_layers,
    num_attention_heads,
    num_key_value_heads,
    vocab_size,
  ] = sizes;
  return {
    model_type,
    hidden_size,
    intermediate_size,
    num_hidden_layers,
    num_attention_heads,
    num_key_value_heads,
    vocab_size,
    tie_word_embeddings: false,
    torch_dtype: "bfloat16",
    ...more,
  };
};

/** A model of the table of rare families. */
function rare(name: string): Config {
  const found = PUBLISHED_RARE.find(([each]) => each === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found[3];
}

const QWEN35: Config = {
  head_dim: 256,
  full_attention_interval: 4,
  linear_conv_kernel_dim: 4,
  linear_key_head_dim: 128,
  linear_value_head_dim: 128,
  linear_num_key_heads: 16,
  linear_num_value_heads: 32,
  vocab_size: 248_320,
  tie_word_embeddings: false,
};

// `total_size` of the index of each checkpoint on the Hub, as public repositories quote it.
test.each<[name: string, total: number, config: Config]>([
  ["Llama-3.1-8B", 16_060_522_496, plain("llama", [4096, 14_336, 32, 32, 8, 128_256])],
  [
    "Mistral-7B-v0.1",
    14_483_464_192,
    plain("mistral", [4096, 14_336, 32, 32, 8, 32_000], { sliding_window: 4096 }),
  ],
  ["Llama-3.1-70B", 141_107_412_992, plain("llama", [8192, 28_672, 80, 64, 8, 128_256])],
  ["Qwen2.5-32B", 65_527_752_704, plain("qwen2", [5120, 27_648, 64, 40, 8, 152_064])],
  ["Qwen2.5-7B", 15_231_233_024, plain("qwen2", [3584, 18_944, 28, 28, 4, 152_064])],
  ["Qwen3-8B", 16_381_470_720, plain("qwen3", [4096, 12_288, 36, 32, 8, 151_936], { head_dim: 128 })],
  [
    "Mixtral-8x7B",
    93_405_585_408,
    plain("mixtral", [4096, 14_336, 32, 32, 8, 32_000], {
      num_local_experts: 8,
      num_experts_per_tok: 2,
      sliding_window: null,
    }),
  ],
  [
    "Qwen3-30B-A3B",
    61_064_245_248,
    plain("qwen3_moe", [2048, 6144, 48, 32, 4, 151_936], {
      head_dim: 128,
      moe_intermediate_size: 768,
      num_experts: 128,
      num_experts_per_tok: 8,
    }),
  ],
  [
    "gpt-oss-20b",
    13_761_264_768,
    plain("gpt_oss", [2880, 2880, 24, 64, 8, 201_088], {
      head_dim: 64,
      num_local_experts: 32,
      num_experts_per_tok: 4,
      sliding_window: 128,
      quantization_config: { quant_method: "mxfp4" },
    }),
  ],
  // Read in github.com/thanhtantran/MiniCPM-V-2_6-rkllm, which holds the index of the whole model.
  ["MiniCPM-V-2.6", 16_198_350_304, rare("MiniCPM-V-2.6")],
  // github.com/bryce-hoehn/Qwen3.5-18B-REAP-A3B-Coding.
  [
    "Qwen3.5-18B-REAP-A3B",
    37_087_995_136,
    {
      ...QWEN35,
      model_type: "qwen3_5_moe_text",
      dtype: "float16",
      hidden_size: 2048,
      num_hidden_layers: 40,
      num_attention_heads: 16,
      num_key_value_heads: 2,
      moe_intermediate_size: 512,
      num_experts: 128,
      num_experts_per_tok: 8,
      shared_expert_intermediate_size: 512,
    },
  ],
  // github.com/Ibtasam-98/medgemma-27b-it.
  [
    "medgemma-27b-it",
    54_864_813_280,
    {
      model_type: "gemma3",
      architectures: ["Gemma3ForConditionalGeneration"],
      mm_tokens_per_image: 256,
      torch_dtype: "bfloat16",
      text_config: {
        model_type: "gemma3_text",
        head_dim: 128,
        hidden_size: 5376,
        intermediate_size: 21_504,
        num_hidden_layers: 62,
        num_attention_heads: 32,
        num_key_value_heads: 16,
        query_pre_attn_scalar: 168,
        sliding_window: 1024,
        sliding_window_pattern: 6,
        vocab_size: 262_208,
      },
      vision_config: {
        model_type: "siglip_vision_model",
        hidden_size: 1152,
        image_size: 896,
        intermediate_size: 4304,
        num_attention_heads: 16,
        num_hidden_layers: 27,
        patch_size: 14,
        vision_use_head: false,
      },
    },
  ],
])("%s has %d bytes", (_, total, config) => {
  expect(bytes(config)).toBe(total);
});

// Totals that the files of public checkpoints have, in bytes, and how near the config comes.
test.each<[name: string, config: Config, total: number]>([
  [
    "Qwen-7B-Chat-Int4 (total_size of its index)",
    {
      model_type: "qwen",
      hidden_size: 4096,
      intermediate_size: 22_016,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      kv_channels: 128,
      vocab_size: 151_936,
      tie_word_embeddings: false,
      quantization_config: { bits: 4, group_size: 128, desc_act: false, quant_method: "gptq" },
    },
    5_860_564_992,
  ],
  [
    "Qwen3-14B in 4 bits by mlx-lm (total_size of its index)",
    {
      model_type: "qwen3",
      hidden_size: 5120,
      intermediate_size: 17_408,
      num_hidden_layers: 40,
      num_attention_heads: 40,
      num_key_value_heads: 8,
      head_dim: 128,
      vocab_size: 151_936,
      tie_word_embeddings: false,
      torch_dtype: "bfloat16",
      quantization: { group_size: 64, bits: 4 },
    },
    8_307_783_680,
  ],
  [
    "Llama 3.1 8B Q4_K_M (llama.cpp prints 4.58 GiB)",
    {
      model_type: "llama",
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      vocab_size: 128_256,
      tie_word_embeddings: false,
      dtype: "q4_k_m",
    },
    4.58 * 2 ** 30,
  ],
  [
    "Molmo-7B-D in nf4 (index in github.com/reubzdubz/Molmo7B_D_NF4Quant)",
    {
      ...rare("Molmo-7B-D"),
      quantization_config: {
        quant_method: "bitsandbytes",
        load_in_4bit: true,
        bnb_4bit_quant_type: "nf4",
        bnb_4bit_use_double_quant: false,
        llm_int8_skip_modules: [
          "model.vision_backbone",
          "model.transformer.ff_out",
          "model.transformer.ln_f",
        ],
      },
    },
    6_661_964_712,
  ],
  [
    "Qwen3.5-9B in 8 bits by mlx-lm (index in github.com/leo-kreisman/Qwen3.5-9B-MLX-8bit)",
    {
      ...QWEN35,
      model_type: "qwen3_5_text",
      torch_dtype: "bfloat16",
      hidden_size: 4096,
      intermediate_size: 12_288,
      num_hidden_layers: 32,
      num_attention_heads: 16,
      num_key_value_heads: 4,
      quantization: { group_size: 64, bits: 8, mode: "affine" },
    },
    // The index has 10,426,433,504 B with the tower for images, of 456,010,480 numbers in 16 bits.
    10_426_433_504 - 2 * 456_010_480,
  ],
])("%s within a percent", (_, { dtype, ...config }, total) => {
  const got = bytes(config, typeof dtype === "string" ? { dtype } : {});
  expect(Math.abs(got / total - 1)).toBeLessThan(0.01);
});

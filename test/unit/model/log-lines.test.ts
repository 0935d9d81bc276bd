import { expect, test } from "vitest";
import type { EstimateOptions } from "../../../src/model/index.js";
import { estimate, modelOf } from "../../../src/model/index.js";
import type { Config } from "./configs.js";
import { LLAMA_70B, QWEN3_235B } from "./configs.js";

const dense = (
  model_type: string,
  hidden: number,
  intermediate: number,
  layers: number,
  heads: number,
  kvHeads: number,
  headDim: number,
): Config => ({
  model_type,
  hidden_size: hidden,
  intermediate_size: intermediate,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: kvHeads,
  head_dim: headDim,
  vocab_size: 32_000,
  tie_word_embeddings: false,
});

const gatedDelta = (
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  valueHeads: number,
): Config => ({
  ...dense("qwen3_5", hidden, 4 * hidden, layers, heads, kvHeads, 256),
  linear_num_key_heads: 16,
  linear_key_head_dim: 128,
  linear_num_value_heads: valueHeads,
  linear_value_head_dim: 128,
  linear_conv_kernel_dim: 4,
});

const QWEN35_27B = gatedDelta(5120, 64, 24, 4, 48);
const QWEN35_9B = gatedDelta(4096, 32, 16, 4, 32);
const QWEN35_35B = gatedDelta(2048, 40, 16, 2, 32);
const QWEN3_8B = dense("qwen3", 4096, 12_288, 36, 32, 8, 128);
const QWEN3_30B = dense("qwen3", 2048, 6144, 48, 32, 4, 128);
const QWEN25_32B = dense("qwen2", 5120, 27_648, 64, 40, 8, 128);
const MISTRAL_SMALL = dense("llama", 5120, 32_768, 40, 32, 8, 128);
const LLAMA_31_8B = dense("llama", 4096, 14_336, 32, 32, 8, 128);
const LLAMA_32_3B = dense("llama", 3072, 8192, 28, 24, 8, 128);
const LLAMA_30B = dense("llama", 6656, 17_920, 60, 52, 52, 128);
const OLMOE = dense("llama", 2048, 1024, 16, 16, 16, 128);
const GPT2 = dense("llama", 768, 3072, 12, 12, 12, 64);
const GPT_OSS_20B: Config = {
  ...dense("gpt_oss", 2880, 2880, 24, 64, 8, 64),
  num_local_experts: 32,
  num_experts_per_tok: 4,
  sliding_window: 128,
};

interface Line {
  source: string;
  line: string;
  model: Config;
  options: Omit<EstimateOptions, "contextBytes">;
  /** Size in the line, and what one step of its last digit is worth. */
  bytes: number;
  step: number;
  of?: "state";
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const llamaCpp = (
  source: string,
  mib: number,
  line: string,
  model: Config,
  tokens: number,
  more: Partial<EstimateOptions> = {},
): Line => ({
  source,
  line,
  model,
  options: { tokens, runtime: "llama.cpp", cacheDtype: "fp16", ...more },
  bytes: mib * MIB,
  step: MIB / 100,
});

const recurrent = (source: string, mib: number, line: string, model: Config, batch: number): Line => ({
  ...llamaCpp(source, mib, line, model, 1, { batch }),
  of: "state",
});

const server = (
  source: string,
  gib: number,
  line: string,
  model: Config,
  tokens: number,
  runtime: "vllm" | "sglang",
  more: Partial<EstimateOptions> = {},
): Line => ({
  source,
  line,
  model,
  options: { tokens, runtime, cacheDtype: "bf16", ...more },
  bytes: gib * GIB,
  step: GIB / 100,
});

// Lines of logs that people published. The number of a stored file is that of the public index in which it was found.
const LINES: Line[] = [
  llamaCpp(
    "notes on Qwen3.5-27B (stored file 68664296548)",
    1536,
    "size = 1536.00 MiB (24576 cells, 16 layers)",
    QWEN35_27B,
    24_576,
  ),
  llamaCpp(
    "notes on Qwen3.5-27B (stored file 61561819241)",
    512,
    "size = 512.00 MiB (8192 cells, 16 layers)",
    QWEN35_27B,
    8192,
  ),
  llamaCpp(
    "notes on Qwen3.5-27B (stored file 57918538511)",
    16_384,
    "size = 16384.00 MiB (262144 cells, 16 layers)",
    QWEN35_27B,
    262_144,
  ),
  llamaCpp(
    "a launcher's test (stored file 58563825456)",
    1088,
    "size = 1088.00 MiB (32768 cells, 16 layers), K (q8_0): 544.00 MiB",
    QWEN35_27B,
    32_768,
    { cacheDtype: "q8_0" },
  ),
  recurrent(
    "notes on Qwen3.5-27B (stored file 68664296548)",
    149.62,
    "size = 149.62 MiB (1 cell, 64 layers), R(f32) 5.62 + S(f32) 144.00",
    QWEN35_27B,
    1,
  ),
  llamaCpp(
    "notes on Qwen3.5-9B (stored file 59045670747)",
    4224,
    "size = 4224.00 MiB (135168 cells, 8 layers)",
    QWEN35_9B,
    135_168,
  ),
  recurrent(
    "notes on Qwen3.5-9B (stored file 59045670747)",
    201,
    "size = 201.00 MiB (4 cells, 32 layers, 4 seqs), R (f32): 9.00 MiB, S (f32): 192.00 MiB",
    QWEN35_9B,
    4,
  ),
  recurrent(
    "a log of Vulkan (stored file 67369886488)",
    50.25,
    "size = 50.25 MiB (1 cells, 32 layers, 1 seqs), R (f32): 2.25 MiB, S (f32): 48.00 MiB",
    QWEN35_9B,
    1,
  ),
  llamaCpp(
    "the same",
    256,
    "CPU KV buffer size = 96.00 MiB, Vulkan1 KV buffer size = 160.00 MiB, n_ctx_seq (8192)",
    QWEN35_9B,
    8192,
  ),
  recurrent(
    "notes on Qwen3.5-35B-A3B (stored file 52911601095)",
    251.25,
    "size = 251.25 MiB (4 cells, 40 layers, 4 seqs), R (f32): 11.25 MiB, S (f32): 240.00 MiB",
    QWEN35_35B,
    4,
  ),
  recurrent(
    "notes on its slots (stored file 61038508484)",
    125.62,
    "size = 125.62 MiB (2 seqs)",
    QWEN35_35B,
    2,
  ),
  llamaCpp(
    "a log of Qwen3-235B-A22B (stored file 17521272204)",
    3995,
    "KV self size = 3995.00 MiB, K (q8_0): 1997.50 MiB; n_ctx = 40960",
    QWEN3_235B,
    40_960,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp(
    "a log of Qwen3-235B-A22B (stored file 39173503970)",
    1598,
    "KV self size = 1598.00 MiB, K (q8_0): 799.00 MiB; n_ctx_slot=16384",
    QWEN3_235B,
    16_384,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp(
    "ggml-org/llama.cpp#11200",
    4352,
    "KV self size = 4352.00 MiB, K (q8_0): 2176.00 MiB; kv_size = 32768, n_layer = 64",
    QWEN25_32B,
    32_768,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp(
    "a log of ollama (stored file 71489492525)",
    1632,
    "size = 1632.00 MiB (32768 cells, 48 layers, 1/1 seqs), K (q8_0): 816.00 MiB",
    QWEN3_30B,
    32_768,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp(
    "a log of OLMoE (stored file 183856972)",
    544,
    "size = 544.00 MiB (8192 cells, 16 layers, 1/1 seqs), K (q8_0): 272.00 MiB",
    OLMOE,
    8192,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp(
    "a log of ollama (stored file 54346973197)",
    15_232,
    "size = 15232.00 MiB (131072 cells, 28 layers, 2/2 seqs), K (q8_0): 7616.00 MiB",
    LLAMA_32_3B,
    131_072,
    { cacheDtype: "q8_0", batch: 2 },
  ),
  llamaCpp(
    "logs of gpt-oss-20b (stored files 32713047379, 38767054125)",
    3090,
    "3072.00 MiB (131072 cells, 12 layers) and 18.00 MiB (768 cells, 12 layers) for the window",
    GPT_OSS_20B,
    131_072,
  ),
  llamaCpp(
    "abetlen/llama-cpp-python#66",
    1560,
    "kv self size = 1560.00 MB; n_ctx = 512, n_embd = 6656, n_layer = 60, in fp32",
    LLAMA_30B,
    512,
    { cacheDtype: "fp32" },
  ),
  llamaCpp(
    "ggml-org/llama.cpp#21551, 24B",
    552.5,
    "q8_0 552.50 MiB, where f16 takes 1040.00 MiB (6,656 cells)",
    MISTRAL_SMALL,
    6656,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp("the same", 292.5, "q4_0 292.50 MiB", MISTRAL_SMALL, 6656, { cacheDtype: "q4_0" }),
  llamaCpp(
    "ggml-org/llama.cpp#21551, 8B",
    191.25,
    "q8_0 191.25 MiB, where f16 takes 360.00 MiB (2,560 cells)",
    QWEN3_8B,
    2560,
    { cacheDtype: "q8_0" },
  ),
  llamaCpp("the same", 101.25, "q4_0 101.25 MiB", QWEN3_8B, 2560, { cacheDtype: "q4_0" }),
  llamaCpp(
    "ggml-org/llama.cpp#8035",
    2560,
    "KV self size = 2560.00 MiB, K (f16): 1280.00 MiB; 8192 tokens",
    LLAMA_70B,
    8192,
  ),
  server(
    "vllm-project/vllm#10517",
    3.81,
    "kv_cache_size=3.81GiB; GPU blocks: 1952 of 16",
    LLAMA_31_8B,
    1952 * 16,
    "vllm",
  ),
  server("the same", 2.89, "kv_cache_size=2.89GiB; GPU blocks: 1478 of 16", LLAMA_31_8B, 1478 * 16, "vllm"),
  server(
    "vllm-project/vllm#34076",
    24,
    "max seq len (262144), (24.0 GiB KV cache is needed",
    QWEN3_30B,
    262_144,
    "vllm",
  ),
  server(
    "the same",
    3.18,
    "available KV cache memory (3.18 GiB), estimated maximum model length is 34736",
    QWEN3_30B,
    34_736,
    "vllm",
  ),
  server(
    "vllm-project/vllm#21348, SGLang, one of 4 ranks",
    16.46,
    "#tokens: 367404, K size: 8.23 GB, V size: 8.23 GB",
    QWEN3_235B,
    367_404,
    "sglang",
    { tensorParallel: 4 },
  ),
  server(
    "a log of SGLang, Qwen2.5-32B, one of 4 ranks (stored file 47376055009)",
    2.84,
    "#tokens: 46611, K size: 1.42 GB, V size: 1.42 GB",
    QWEN25_32B,
    46_611,
    "sglang",
    { tensorParallel: 4 },
  ),
  server(
    "kvcached's notes on GPT-2 (stored file 66853793177)",
    8.54,
    "#tokens: 248479, K size: 4.27 GB, V size: 4.27 GB",
    GPT2,
    248_479,
    "sglang",
  ),
];

test.each(LINES)("$source: $line", ({ model, options, bytes, step, of }) => {
  const result = estimate(modelOf(model), options);
  const computed =
    of === "state" ? (options.batch ?? 1) * (result.stateBytesPerSequence ?? 0) : result.kvBytes;
  // Both of two added figures are rounded.
  expect(Math.abs(computed - bytes)).toBeLessThanOrEqual(step);
});

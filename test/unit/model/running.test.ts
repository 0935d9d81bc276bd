import { expect, test } from "vitest";
import type { TrainingOptions } from "../../../src/model/index.js";
import {
  comparePublished,
  estimate,
  estimateTraining,
  modelOf,
  readModelFile,
} from "../../../src/model/index.js";
import { LLAMA_70B, TINY } from "./configs.js";

test("a rank of tensor parallelism shares matrices and heads, and repeats norms", () => {
  const whole = estimate(modelOf(TINY), { tokens: 4 });
  const rank = estimate(modelOf(TINY), { tokens: 4, tensorParallel: 2 });
  // Five norms of 8 are on both ranks.
  expect(rank.parameters).toBe((whole.parameters - 40) / 2 + 40);
  expect(rank.kvBytes).toBe(whole.kvBytes / 2);
  expect(rank.ranks).toBe(2);
});

test("key/value heads are repeated where there are fewer of them than ranks", () => {
  // One of the two heads on each of four ranks.
  expect(estimate(modelOf(TINY), { tokens: 1, tensorParallel: 4 }).kvBytesPerToken).toBe(2 * (2 + 2) * 2);
});

test("the cache of latent attention is on every rank", () => {
  const latent = {
    ...TINY,
    model_type: "deepseek_v2",
    kv_lora_rank: 6,
    qk_rope_head_dim: 2,
    qk_nope_head_dim: 3,
    v_head_dim: 5,
    n_routed_experts: null,
  };
  const bytes = (tensorParallel: number): number =>
    estimate(modelOf(latent), { tokens: 1, tensorParallel }).kvBytes;
  expect(bytes(2)).toBe(bytes(1));
});

test("a rank of pipeline parallelism has its layers and one of embedding and head", () => {
  const { parameters } = estimate(modelOf(TINY), { tokens: 1, pipelineParallel: 2 });
  // One of two layers (592 with its norms), the embedding and the last norm.
  expect(parameters).toBe(592 + 80 + 8);
});

test.each([
  [{ tensorParallel: 3 }, /4 heads of the model cannot be shared by 3 ranks/],
  [{ pipelineParallel: 3 }, /2 layers, which 3 ranks cannot share/],
  [{ tensorParallel: 0 }, /tensorParallel to be a whole number from 1/],
])("%j is refused in one sentence", (options, sentence) => {
  expect(() => estimate(modelOf(TINY), { tokens: 1, ...options })).toThrow(sentence);
});

test("a prefix that sequences share is kept once", () => {
  const bytes = (options: object): number =>
    estimate(modelOf(TINY), { tokens: 10, batch: 3, ...options }).kvBytes;
  // 32 B a token: 3 x 10 tokens, or 6 shared and 3 x 4.
  expect(bytes({})).toBe(3 * 10 * 32);
  expect(bytes({ sharedPrefix: 6 })).toBe((6 + 3 * 4) * 32);
});

test("a published size of one rank is recognised", () => {
  // 80 layers x 8 heads x 256 x 2 B x 8,192 tokens are 2.5 GiB; a fourth is 640 MiB.
  const result = estimate(modelOf(LLAMA_70B), { tokens: 8192 });
  expect(comparePublished("640.00MiB", result)).toMatchObject({
    agrees: false,
    isInstead: "what one of 4 ranks has that share it (--tensor-parallel 4)",
  });
});

/** Sizes of caches that runtimes lay out, from the shapes of public models. */
const GEMMA3_270M = {
  model_type: "gemma3_text",
  hidden_size: 640,
  intermediate_size: 2048,
  num_hidden_layers: 18,
  num_attention_heads: 4,
  num_key_value_heads: 1,
  head_dim: 256,
  vocab_size: 262_144,
  sliding_window: 512,
  sliding_window_pattern: 6,
};
const QWEN3_NEXT = {
  model_type: "qwen3_next",
  hidden_size: 2048,
  intermediate_size: 5120,
  moe_intermediate_size: 512,
  shared_expert_intermediate_size: 512,
  num_experts: 512,
  num_experts_per_tok: 10,
  num_hidden_layers: 48,
  num_attention_heads: 16,
  num_key_value_heads: 2,
  head_dim: 256,
  linear_num_key_heads: 16,
  linear_key_head_dim: 128,
  linear_num_value_heads: 32,
  linear_value_head_dim: 128,
  linear_conv_kernel_dim: 4,
  vocab_size: 151_936,
  tie_word_embeddings: false,
};

test("llama.cpp gives layers with a window room for the window and one step, in cells of 256", () => {
  const bytes = (tokens: number): number =>
    estimate(modelOf(GEMMA3_270M), { tokens, runtime: "llama.cpp", cacheDtype: "fp16" }).kvBytes;
  // 1,024 B a cell; 3 layers with all tokens, 15 with 512 + 512 cells.
  expect(bytes(8192)).toBe(1024 * (3 * 8192 + 15 * 1024));
  // A context below that has no more cells than tokens, rounded up.
  expect(bytes(700)).toBe(1024 * 18 * 768);
});

test("llama.cpp keeps three columns of a convolution in fp32, vLLM three in the type of the model", () => {
  const state = (runtime?: "llama.cpp" | "vllm"): number | undefined =>
    estimate(modelOf(QWEN3_NEXT), { tokens: 1, ...(runtime === undefined ? {} : { runtime }) })
      .stateBytesPerSequence;
  // 36 layers: 32 x 128 x 128 numbers of state; 8,192 channels.
  const states = 36 * 4 * 32 * 128 * 128;
  expect(state("llama.cpp")).toBe(states + 36 * 8192 * 3 * 4);
  expect(state("vllm")).toBe(states + 36 * 8192 * 3 * 2);
  expect(state()).toBe(states + 36 * 8192 * 4 * 2);
});

test("vLLM rounds a sequence up to blocks of 16", () => {
  expect(estimate(modelOf(TINY), { tokens: 17, runtime: "vllm" }).kvBytes).toBe(32 * 32);
});

/** 7.5 billion parameters, as the paper has them: a vocabulary of 1 and one layer are enough for the sum. */
const ZERO_7_5B = modelOf({
  ...TINY,
  hidden_size: 16_384,
  intermediate_size: 1,
  num_hidden_layers: 7,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  vocab_size: 1,
  head_dim: 16_384,
});

const PEAKS: [source: string, gigabytes: number, options: Partial<TrainingOptions>][] = [
  ["ZeRO (arXiv:1910.02054, figure 1), 7.5B, no stage", 120, {}],
  ["the same, stage 1 on 64 ranks", 31.4, { zero: 1, dataParallel: 64 }],
  ["the same, stage 2", 16.6, { zero: 2, dataParallel: 64 }],
  ["the same, stage 3", 1.9, { zero: 3, dataParallel: 64 }],
];

test.each(PEAKS)("%s: %d GB within a tenth", (_, gigabytes, options) => {
  const { terms, parameters } = estimateTraining(ZERO_7_5B, { tokens: 1, ...options });
  const fixed = terms.filter(({ name }) => /weights|gradients|states/.test(name));
  const bytes = fixed.reduce((sum, one) => sum + one.bytes, 0) * (7.5e9 / parameters);
  expect(Math.abs(bytes / (gigabytes * 1e9) - 1)).toBeLessThan(0.1);
});

// The table of LLaMA-Factory's README ("hardware requirement, estimated"), which names no length: one sequence of 1,024
// tokens is taken, with checkpointing as it is there by default.
test.each<[source: string, gigabytes: number, model: string, options: Partial<TrainingOptions>]>([
  ["full, 7B", 120, "Llama-2-7b", {}],
  ["full, 70B", 1200, "Llama-2-70b", {}],
  ["pure_bf16, 7B", 60, "Llama-2-7b", { precision: "bf16" }],
  ["pure_bf16, 70B", 600, "Llama-2-70b", { precision: "bf16" }],
])("LLaMA-Factory, %s: %d GB within a tenth", async (_, gigabytes, model, options) => {
  const shape = await readModelFile(model);
  const { totalBytes } = estimateTraining(shape, { tokens: 1024, checkpointing: true, ...options });
  expect(Math.abs(totalBytes / (gigabytes * 1e9) - 1)).toBeLessThan(0.1);
});

const BERT_LARGE = modelOf({
  architectures: ["BertForSequenceClassification"],
  model_type: "bert",
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 24,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  vocab_size: 30_522,
});

// "GPU memory occupied" of the guide on training with one GPU (transformers v4.18, docs/source/en/performance): 512
// tokens, fp32, and the 1,343 MiB that its kernels and context take before the model is there.
test.each<[what: string, mebibytes: number, options: Partial<TrainingOptions>]>([
  ["a batch of 4", 14_949, { batch: 4 }],
  ["a batch of 1, accumulated", 8681, {}],
  ["the same with checkpointing", 6775, { checkpointing: true }],
  ["a batch of 4 with Adafactor", 12_295, { batch: 4, optimizer: "adafactor" }],
  ["a batch of 4 with Adam in 8 bits", 13_085, { batch: 4, optimizer: "adamw-8bit" }],
])("a whole run of bert-large, %s: %d MiB within a tenth", (_, mebibytes, options) => {
  const { totalBytes } = estimateTraining(BERT_LARGE, {
    tokens: 512,
    precision: "fp32",
    attention: "eager",
    contextBytes: 1343 * 2 ** 20,
    ...options,
  });
  expect(Math.abs(totalBytes / (mebibytes * 2 ** 20) - 1)).toBeLessThan(0.1);
});

test("a whole run of Llama 3.2 3B: 60.0 GiB within a tenth (torchtune's README, packed, before compiling)", async () => {
  const shape = await readModelFile("Llama-3.2-3B");
  const options = { tokens: 4096, batch: 2, precision: "bf16", contextBytes: 0 } as const;
  const { totalBytes } = estimateTraining(shape, options);
  expect(Math.abs(totalBytes / (60 * 2 ** 30) - 1)).toBeLessThan(0.1);
});

test("logits and loss of Gemma 2 2B with 8,192 tokens take 28,000 MB (arXiv:2411.09009, table 1) within a tenth", () => {
  const model = modelOf({ ...TINY, vocab_size: 256_000 });
  const { terms } = estimateTraining(model, { tokens: 8192 });
  const bytes = terms.find(({ name }) => name === "logits and loss")?.bytes ?? 0;
  expect(Math.abs(bytes / (28_000 * 2 ** 20) - 1)).toBeLessThan(0.1);
});

test("adapters are two matrices beside each target, and leave the rest frozen", async () => {
  const options = { tokens: 1, dtype: "nf4", lora: { rank: 16, targets: ["q_proj", "v_proj"] } };
  const { trainedParameters, terms } = estimateTraining(await readModelFile("Llama-3.1-8B"), options);
  // 32 layers: 16 x (4,096 + 4,096) and 16 x (4,096 + 1,024).
  expect(trainedParameters).toBe(32 * 16 * (8192 + 5120));
  const bytesOf = (name: string): number | undefined => terms.find((term) => term.name === name)?.bytes;
  expect(bytesOf("adapters")).toBe(4 * trainedParameters);
  expect(bytesOf("optimizer states")).toBe(8 * trainedParameters);
  // The size of the published 4-bit checkpoint.
  expect(bytesOf("frozen weights")).toBe(5_702_295_552);
});

test("checkpointing keeps the input of each layer and the activations of one", () => {
  const bytes = (checkpointing: boolean): Record<string, number> =>
    Object.fromEntries(
      estimateTraining(modelOf(TINY), { tokens: 10, checkpointing }).terms.map((term) => [
        term.name,
        term.bytes,
      ]),
    );
  expect(bytes(true)["layer inputs"]).toBe(2 * 10 * 8 * 2);
  expect(bytes(true).activations).toBe((bytes(false).activations ?? 0) / 2);
});

test.each([
  ["adamw", 8],
  ["adamw-8bit", 2 * (1 + 4 / 256)],
  ["sgd-momentum", 4],
  ["sgd", 0],
] as const)("%s keeps %d B a parameter", (optimizer, each) => {
  const { terms, parameters } = estimateTraining(modelOf(TINY), { tokens: 1, optimizer });
  expect(terms.find(({ name }) => name === "optimizer states")?.bytes).toBe(Math.ceil(each * parameters));
});

test("the largest batch fits and one more does not", () => {
  const capacityBytes = 500_000_000;
  const of = (batch: number): ReturnType<typeof estimateTraining> =>
    estimateTraining(modelOf(TINY), { tokens: 2000, batch, capacityBytes });
  const most = of(1).maxBatch ?? 0;
  expect(most).toBeGreaterThan(0);
  expect(of(most).fits).toBe(true);
  expect(of(most + 1).fits).toBe(false);
});

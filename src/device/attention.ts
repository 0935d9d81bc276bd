import { availableParallelism } from "node:os";
import { BytesperError } from "../base/errors.js";
import { loadAddon } from "../system/native/load.js";
import type { MemoryPool } from "./memory-pool.js";
import { errorOf } from "./memory-pool.js";

export const ATTENTION_KERNELS = ["naive", "eager", "flash", "reference"] as const;
export const DTYPES = ["fp32", "fp16", "bf16"] as const;
export type AttentionKernel = (typeof ATTENTION_KERNELS)[number];
export type Dtype = (typeof DTYPES)[number];

/** Sizes of one attention; queries and output are [batch, heads, tokens, headDim], keys and values have kvHeads. */
export interface AttentionShape {
  batch?: number;
  heads: number;
  /** Must divide `heads`; the default is the number of heads. */
  kvHeads?: number;
  tokens: number;
  /** A multiple of 16, at most 256. */
  headDim: number;
}

export interface AttentionOptions {
  pool: MemoryPool;
  /**
   * `naive` keeps the scores of all heads; `eager` also makes the copies that common implementations make;
   * `flash` keeps no scores.
   */
  kernel?: AttentionKernel;
  /** Query i sees only the keys 0 to i. */
  causal?: boolean;
  /** 1 / sqrt(headDim) unless given. */
  scale?: number;
  dtype?: Dtype;
  /** Type in which `naive` keeps its scores; fp32 or `dtype`. */
  scoreDtype?: Dtype;
  /** Number of cores to use; the default is all. */
  threads?: number;
  /** "avx512", "avx2" or "portable"; the default is the widest. */
  instructionSet?: string;
}

/** Numbers of one tensor: fp32 as numbers, the 16-bit types as their bits. */
export type TensorData = Float32Array | Uint16Array;

export interface AttentionResult {
  /** In the type of the inputs; absent if the inputs came from a seed. */
  output?: TensorData;
  /** Time of the kernel alone, without allocation and copies. */
  durationMs: number;
  usedHighWaterBytes: number;
  reservedHighWaterBytes: number;
  /** The part of the high-water mark that queries, keys, values and output take. */
  inputOutputBytes: number;
  /** Which code ran, such as "avx2". */
  code: string;
}

export const BYTES_OF: Record<Dtype, number> = { fp32: 4, fp16: 2, bf16: 2 };

/**
 * Computes softmax(scale Q K^T) V on its own thread. All memory comes from `options.pool`, whose high-water
 * marks are reset first. Copies the arrays before it returns, so the caller may change or transfer them at
 * once. Throws `USAGE` for shapes and arrays that do not fit together, and `OutOfDeviceMemory`, which leaves
 * the pool as it was.
 */
export async function attention(
  queries: TensorData,
  keys: TensorData,
  values: TensorData,
  shape: AttentionShape,
  options: AttentionOptions,
): Promise<AttentionResult> {
  return run(shape, options, { arrays: [queries, keys, values], seed: 0, output: true, allocateOnly: false });
}

/**
 * The same on independent normal random numbers from a seed. The inputs are made in the pool and stay there.
 */
export async function randomAttention(
  shape: AttentionShape,
  options: AttentionOptions & { seed: number; output?: boolean },
): Promise<AttentionResult> {
  return run(shape, options, {
    arrays: [null, null, null],
    seed: options.seed,
    output: options.output ?? false,
    allocateOnly: false,
  });
}

/** Allocates all memory that the attention would need, step by step, and computes nothing. */
export async function allocateAttention(
  shape: AttentionShape,
  options: AttentionOptions,
): Promise<AttentionResult> {
  return run(shape, options, { arrays: [null, null, null], seed: 0, output: false, allocateOnly: true });
}

async function run(
  shape: AttentionShape,
  options: AttentionOptions,
  inputs: {
    arrays: (TensorData | null)[];
    seed: number;
    output: boolean;
    allocateOnly: boolean;
  },
): Promise<AttentionResult> {
  const { pool, dtype = "fp32" } = options;
  const [queries = null, keys = null, values = null] = inputs.arrays;
  const native = {
    batch: shape.batch ?? 1,
    heads: shape.heads,
    kvHeads: shape.kvHeads ?? shape.heads,
    tokens: shape.tokens,
    headDim: shape.headDim,
    causal: options.causal ?? false,
    scale: options.scale ?? 1 / Math.sqrt(shape.headDim),
    dtype,
    scoreDtype: options.scoreDtype ?? "fp32",
    kernel: options.kernel ?? "flash",
    threads: options.threads ?? availableParallelism(),
    instructionSet: options.instructionSet ?? "",
    seed: inputs.seed,
    output: inputs.output,
    allocateOnly: inputs.allocateOnly,
  };
  const { scoreDtype } = native;
  if (scoreDtype !== "fp32" && scoreDtype !== dtype)
    throw new BytesperError("USAGE", `Scores are kept in fp32 or in the type of the inputs (${dtype}).`);
  let answer;
  try {
    answer = await loadAddon().attention(pool.native, native, queries, keys, values);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new BytesperError("USAGE", `${capitalised(error.message)}.`, { cause: error });
  }
  if ("failure" in answer) throw errorOf(answer);
  const { output, ...rest } = answer;
  if (output === undefined) return rest;
  return { ...rest, output: dtype === "fp32" ? new Float32Array(output) : new Uint16Array(output) };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function scoreBytes(shape: AttentionShape, bytesPerScore: number): number {
  return (shape.batch ?? 1) * shape.heads * shape.tokens ** 2 * bytesPerScore;
}

export function inputOutputBytes(shape: AttentionShape, dtype: Dtype): number {
  const { batch = 1, heads, kvHeads = heads, tokens, headDim } = shape;
  return 2 * batch * (heads + kvHeads) * tokens * headDim * BYTES_OF[dtype];
}

import { availableParallelism } from "node:os";
import { BytesperError } from "../base/errors.js";
import type { PoolFailure } from "../system/native/contract.js";
import { loadAddon } from "../system/native/load.js";
import type { MemoryPool } from "./memory-pool.js";
import { errorOf } from "./memory-pool.js";

export const CACHE_TYPES = ["fp16", "bf16", "fp8"] as const;
/** Type of the numbers in a key/value cache; fp8 is e4m3. */
export type CacheType = (typeof CACHE_TYPES)[number];

/** Sizes of the attention of one new token in each layer of a model. */
export interface DecodeShape {
  layers: number;
  heads: number;
  /** Must divide `heads`. */
  kvHeads: number;
  /** 64, 128 or 256. */
  headDim: number;
}

/**
 * How caches lie in memory. A slab is one block of a pool with the keys and values of all layers. Dense: a slab has room
 * for `pageTokens` tokens of one sequence. Paged: it has `pagesInSlab` pages, and a table says which page holds what.
 */
export interface CacheLayout {
  type: CacheType;
  paged: boolean;
  /** Paged: 16, 32, 64, 128 or 256. */
  pageTokens: number;
  /** A power of two; 1 if dense, which is the default. */
  pagesInSlab?: number;
}

/** The caches of some sequences, in blocks of a pool. */
export interface DecodeMemory {
  /** Tokens of each sequence. */
  lengths: Int32Array;
  /** [sequences, width] pages, only if paged: page p is page p % pagesInSlab of slab p / pagesInSlab. */
  table?: Int32Array;
  /** Handles of the slabs; if dense, that of each sequence. */
  slabs: readonly number[];
  /**
   * Handles of one block for each sequence: fp32 [layers, 2 (keys, values), kvHeads], what the cache's numbers are
   * multiplied by. Without them the numbers are taken as they are.
   */
  scales?: readonly number[];
}

export interface DecodeOptions {
  pool: MemoryPool;
  /** Type of queries and output; a 16-bit cache has the same. The default is bf16. */
  dtype?: "fp16" | "bf16";
  /** 1 / sqrt(headDim) unless given. */
  scale?: number;
  /** Bits of the queries [layers, sequences, heads, headDim]; from `seed` unless given. */
  queries?: Uint16Array;
  seed?: number;
  /** Whether the output is copied back. */
  output?: boolean;
  /** Computes in double precision. Only in a pool of the host. */
  reference?: boolean;
  threads?: number;
  instructionSet?: string;
}

export interface DecodeResult {
  /** Bits of [layers, sequences, heads, headDim]. */
  output?: Uint16Array;
  /** Time of the kernels of all layers, without allocation and copies. */
  durationMs: number;
  usedHighWaterBytes: number;
  reservedHighWaterBytes: number;
  /** Bytes of keys and values that one token of each sequence read. */
  readBytes: number;
  /** In how many parts each sequence was cut. */
  parts: number;
  /** Which code ran, such as "avx2". */
  code: string;
}

/** Bytes of a slab: 2 x layers x kvHeads x headDim x tokens x bytes of a number. */
export function slabBytes(
  { layers, kvHeads, headDim }: DecodeShape,
  { type, pageTokens, pagesInSlab = 1 }: CacheLayout,
): number {
  return 2 * layers * kvHeads * headDim * pageTokens * pagesInSlab * (type === "fp8" ? 1 : 2);
}

/** Bytes of the scales of one sequence. */
export function scaleBytes({ layers, kvHeads }: DecodeShape): number {
  return layers * 2 * kvHeads * 4;
}

/**
 * The attention of one new token of each sequence in each layer, over the keys and values of `memory`, on its own
 * thread. Reads every cached number once. Queries, output and workspace come from the pool, whose high-water marks are
 * reset first. Throws `USAGE` for shapes and blocks that do not fit together, and `OutOfDeviceMemory`.
 */
export async function decode(
  shape: DecodeShape,
  layout: CacheLayout,
  memory: DecodeMemory,
  options: DecodeOptions,
): Promise<DecodeResult> {
  const { pool } = options;
  const native = {
    layers: shape.layers,
    heads: shape.heads,
    kvHeads: shape.kvHeads,
    headDim: shape.headDim,
    paged: layout.paged,
    pageTokens: layout.pageTokens,
    pagesInSlab: layout.pagesInSlab ?? 1,
    scale: options.scale ?? 1 / Math.sqrt(shape.headDim),
    dtype: options.dtype ?? "bf16",
    cache: layout.type,
    reference: options.reference ?? false,
    threads: options.threads ?? availableParallelism(),
    instructionSet: options.instructionSet ?? "",
    seed: options.seed ?? 0,
    output: options.output ?? false,
  };
  const { lengths, table = null, slabs, scales = [] } = memory;
  const { output, ...rest } = await answered(() =>
    loadAddon().decode(pool.native, native, {
      lengths,
      table,
      slabs,
      scales,
      queries: options.queries ?? null,
    }),
  );
  return output === undefined ? rest : { ...rest, output: new Uint16Array(output) };
}

/** Fills a block of a pool with normal random numbers. They repeat after 4 MiB on the host. */
export async function fillCache(
  pool: MemoryPool,
  handle: number,
  { type, seed }: { type: CacheType; seed: number },
): Promise<void> {
  await answered(() => loadAddon().fillBlock(pool.native, handle, type, seed, availableParallelism()));
}

/** Copies bytes into a block of a pool, from `offset` on. Throws `USAGE` if they would end beyond it. */
export async function writeBlock(
  pool: MemoryPool,
  handle: number,
  bytes: Uint8Array,
  offset = 0,
): Promise<void> {
  await answered(() => loadAddon().writeBlock(pool.native, handle, offset, bytes));
}

/** Milliseconds that one read of a block takes from its first byte to its last, with all cores. */
export async function readBlock(pool: MemoryPool, handle: number, instructionSet = ""): Promise<number> {
  return answered(() => loadAddon().readBlock(pool.native, handle, availableParallelism(), instructionSet));
}

/** What the addon answers. Its TypeErrors are wrong arguments of the user, its failures are errors of the pool. */
async function answered<T extends object | number>(call: () => Promise<T | PoolFailure>): Promise<T> {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const text = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    throw new BytesperError("USAGE", `${text}.`, { cause: error });
  }
  if (typeof answer === "object" && "failure" in answer) throw errorOf(answer);
  return answer;
}

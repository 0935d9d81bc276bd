import { largestOf } from "../../base/stats/extremes.js";
import type { DecodeKernel } from "../../system/native/contract.js";
import type { CacheLayout, DecodeMemory, DecodeShape } from "../decode.js";
import { decode, scaleBytes, slabBytes, writeBlock } from "../decode.js";
import { MemoryPool } from "../memory-pool.js";
import { numbersOf } from "../self-check.js";
import type { Finding } from "./comparison.js";
import { compareOutput } from "./comparison.js";

/** Nine query heads share a key/value head, one more than a block serves; or each has its own. */
const SHARED = { layers: 2, heads: 18, kvHeads: 2 };
const OWN = { layers: 1, heads: 3, kvHeads: 3 };
const SETTINGS: readonly { where: string; sizes: typeof SHARED; pageTokens?: number }[] = [
  { where: "over a dense cache", sizes: SHARED },
  { where: "over a paged cache", sizes: SHARED, pageTokens: 16 },
  { where: "over a cache in pages of 256", sizes: OWN, pageTokens: 256 },
];
const PAGES_IN_SLAB = 4;
/** One token; less than a page; a page and one more; and enough for several parts. */
const MOST_TOKENS = 700;
const LENGTHS = [1, 15, 17, MOST_TOKENS];

/** The same caches and queries for the device and for the host, whose random numbers differ. */
interface Setup {
  shape: DecodeShape;
  layout: CacheLayout;
  table?: Int32Array;
  slabs: Uint8Array[];
  scales: Uint8Array[];
  queries: Uint16Array;
}

/**
 * The largest relative error of a decode kernel against double precision on the host, or what is wrong with it: dense
 * and paged, with scales where the cache is fp8, with shared and own key/value heads. The output is filled with NaN before each launch.
 */
export async function checkDecode(
  pool: MemoryPool,
  { name, dtype, cache, headDim }: DecodeKernel,
): Promise<Finding> {
  const host = new MemoryPool({ device: "cpu" });
  let worst = 0;
  try {
    for (const { where, sizes, pageTokens } of SETTINGS) {
      const setup = setupOf({ ...sizes, headDim }, cache, dtype, pageTokens);
      const truth = numbersOf(await run(host, setup, { dtype, reference: true }), dtype);
      const output = await run(pool, setup, { dtype, instructionSet: `only ${name}` });
      const found = compareOutput(output, truth, { dtype, where });
      if ("fault" in found) return found;
      worst = Math.max(worst, found.error);
    }
  } finally {
    await host.close();
  }
  return { error: worst };
}

function setupOf(
  shape: DecodeShape,
  type: CacheLayout["type"],
  dtype: "fp16" | "bf16",
  pageTokens: number | undefined,
): Setup {
  const next = randomWords(shape.headDim);
  const paged = pageTokens !== undefined;
  const layout = paged
    ? { type, paged, pageTokens, pagesInSlab: PAGES_IN_SLAB }
    : { type, paged, pageTokens: MOST_TOKENS };
  const pages = LENGTHS.map((length) => Math.ceil(length / layout.pageTokens));
  const count = paged
    ? Math.ceil(pages.reduce((sum, each) => sum + each, 0) / PAGES_IN_SLAB)
    : LENGTHS.length;
  const slabs = Array.from({ length: count }, () => cacheBytes(slabBytes(shape, layout), type, next));
  const scales =
    type === "fp8"
      ? LENGTHS.map(
          (_, sequence) =>
            new Uint8Array(
              Float32Array.from(
                { length: scaleBytes(shape) / 4 },
                (__, at) => 0.5 + ((at + sequence) % 5) / 4,
              ).buffer,
            ),
        )
      : [];
  const queries = Uint16Array.from(
    { length: shape.layers * LENGTHS.length * shape.heads * shape.headDim },
    () => halfBits(dtype, next()),
  );
  return { shape, layout, slabs, scales, queries, ...(paged ? { table: tableOf(pages) } : {}) };
}

/** Pages of the sequences take turns, so that no sequence has its pages side by side. */
function tableOf(pages: readonly number[]): Int32Array {
  const width = largestOf(pages);
  const table = new Int32Array(pages.length * width).fill(-1);
  let page = 0;
  for (let index = 0; index < width; index++)
    for (const [sequence, count] of pages.entries())
      if (index < count) table[sequence * width + index] = page++;
  return table;
}

async function run(
  pool: MemoryPool,
  { shape, layout, table, slabs, scales, queries }: Setup,
  options: { dtype: "fp16" | "bf16"; reference?: boolean; instructionSet?: string },
): Promise<Uint16Array | undefined> {
  const handles = await pool.allocate([...slabs, ...scales].map(({ length }) => length));
  try {
    for (const [index, bytes] of [...slabs, ...scales].entries())
      await writeBlock(pool, handles[index] ?? 0, bytes);
    const memory: DecodeMemory = {
      lengths: Int32Array.from(LENGTHS),
      slabs: handles.slice(0, slabs.length),
      scales: handles.slice(slabs.length),
      ...(table === undefined ? {} : { table }),
    };
    const { output } = await decode(shape, layout, memory, { pool, queries, output: true, ...options });
    return output;
  } finally {
    await pool.release(handles);
  }
}

/** Words of the generator xorshift32. */
function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bits of a number between 1/8 and 2, of either sign. */
function halfBits(dtype: "fp16" | "bf16", word: number): number {
  const sign = (word & 1) << 15;
  return dtype === "fp16"
    ? sign | ((12 + ((word >>> 1) & 3)) << 10) | ((word >>> 3) & 0x3ff)
    : sign | ((124 + ((word >>> 1) & 3)) << 7) | ((word >>> 3) & 0x7f);
}

function cacheBytes(bytes: number, type: CacheLayout["type"], next: () => number): Uint8Array {
  if (type !== "fp8")
    return new Uint8Array(Uint16Array.from({ length: bytes / 2 }, () => halfBits(type, next())).buffer);
  // e4m3: its exponents 4 to 7 are 1/8 to 2.
  return Uint8Array.from({ length: bytes }, () => {
    const word = next();
    return ((word & 1) << 7) | ((4 + ((word >>> 1) & 3)) << 3) | ((word >>> 3) & 7);
  });
}

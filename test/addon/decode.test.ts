import { afterAll, describe, expect, test } from "vitest";
import type {
  CacheLayout,
  CacheType,
  DecodeMemory,
  DecodeOptions,
  DecodeShape,
} from "../../src/device/decode.js";
import { decode, fillCache, readBlock, scaleBytes, slabBytes, writeBlock } from "../../src/device/decode.js";
import { MemoryPool } from "../../src/device/memory-pool.js";
import { numbersOf, relativeError } from "../../src/device/self-check.js";
import { addon } from "./support/addon.js";

const pool = new MemoryPool({ capBytes: 256 * 2 ** 20 });
afterAll(() => pool.close());

/** Scores and weights stay in fp32, so only the output is rounded: 2^-11 and 2^-8 at most, less in the mean. */
const LIMITS = { fp16: 5e-4, bf16: 4e-3 };

interface Prepared {
  shape: DecodeShape;
  layout: CacheLayout;
  memory: DecodeMemory;
  handles: number[];
}

async function prepared(
  shape: DecodeShape,
  layout: CacheLayout,
  { lengths, scaled = false }: { lengths: number[]; scaled?: boolean },
): Promise<Prepared> {
  const { pageTokens, pagesInSlab = 1 } = layout;
  const width = Math.ceil(Math.max(...lengths) / pageTokens);
  const table = new Int32Array(lengths.length * width).fill(-1);
  let pages = lengths.length;
  if (layout.paged) {
    // Pages of the sequences take turns, from the last to the first.
    const needed = lengths.map((length) => Math.ceil(length / pageTokens));
    pages = needed.reduce((sum, count) => sum + count, 0);
    let next = pages;
    for (let index = 0; index < width; index++)
      needed.forEach((count, sequence) => {
        if (index < count) table[sequence * width + index] = --next;
      });
  }
  const slabs = await pool.allocate(
    new Array<number>(Math.ceil(pages / pagesInSlab)).fill(slabBytes(shape, layout)),
  );
  for (const [index, slab] of slabs.entries())
    await fillCache(pool, slab, { type: layout.type, seed: index });
  const scales = scaled ? await pool.allocate(lengths.map(() => scaleBytes(shape))) : [];
  for (const [index, handle] of scales.entries()) {
    const numbers = Float32Array.from(
      { length: scaleBytes(shape) / 4 },
      (_, at) => 0.5 + ((at + index) % 5) / 4,
    );
    await writeBlock(pool, handle, new Uint8Array(numbers.buffer));
  }
  return {
    shape,
    layout,
    memory: { lengths: Int32Array.from(lengths), slabs, scales, ...(layout.paged ? { table } : {}) },
    handles: [...slabs, ...scales],
  };
}

async function errorOf(made: Prepared, options: Partial<DecodeOptions> = {}): Promise<number> {
  const dtype = options.dtype ?? "bf16";
  const run = async (reference: boolean): Promise<Float32Array> => {
    const all = { pool, dtype, seed: 5, output: true, reference, ...options };
    const { output } = await decode(made.shape, made.layout, made.memory, all);
    return numbersOf(output, dtype);
  };
  return relativeError(await run(false), await run(true));
}

describe("agrees with double precision", () => {
  const CACHES: [CacheType, "fp16" | "bf16"][] = [
    ["fp16", "fp16"],
    ["bf16", "bf16"],
    ["fp8", "fp16"],
    ["fp8", "bf16"],
  ];
  const heads = { 64: [4, 4], 128: [16, 2], 256: [9, 3] } as const;
  const CASES = ([64, 128, 256] as const).flatMap((headDim) =>
    CACHES.flatMap(([type, dtype]) =>
      [0, 16, 64, 256].map((pageTokens) => [headDim, type, dtype, pageTokens] as const),
    ),
  );
  test.each(CASES)(
    "headDim %i, %s cache, %s queries, pages of %i (0: dense)",
    async (headDim, type, dtype, page) => {
      const [all, kvHeads] = heads[headDim];
      const shape = { layers: 2, heads: all, kvHeads, headDim };
      const layout = { type, paged: page > 0, pageTokens: page || 700, pagesInSlab: page > 0 ? 4 : 1 };
      // One token, less than a page, a page and one more, and long enough for several parts.
      const made = await prepared(shape, layout, { lengths: [1, 31, 257, 700], scaled: type === "fp8" });
      expect(await errorOf(made, { dtype })).toBeLessThan(LIMITS[dtype]);
      await pool.release(made.handles);
    },
  );

  test.each(addon.cpuInstructionSets())("%s code, one sequence in many parts", async (instructionSet) => {
    const shape = { layers: 1, heads: 5, kvHeads: 1, headDim: 128 };
    const made = await prepared(shape, { type: "fp8", paged: true, pageTokens: 32 }, { lengths: [5000] });
    expect(await errorOf(made, { instructionSet, threads: 7 })).toBeLessThan(LIMITS.bf16);
    await pool.release(made.handles);
  });
});

test("a token reads every cached number once, and every byte of a dense slab is told by the formula", async () => {
  const shape = { layers: 3, heads: 4, kvHeads: 2, headDim: 64 };
  const layout = { type: "bf16" as const, paged: false, pageTokens: 50 };
  // 2 x 3 layers x 2 heads x 64 x 50 tokens x 2 bytes
  expect(slabBytes(shape, layout)).toBe(76_800);
  const made = await prepared(shape, layout, { lengths: [50, 20] });
  const { readBytes, output } = await decode(shape, layout, made.memory, { pool });
  expect(readBytes).toBe((76_800 / 50) * 70);
  expect(output).toBeUndefined();
  await pool.release(made.handles);
});

test("equal values come out as they are, times their scale", async () => {
  const shape = { layers: 1, heads: 2, kvHeads: 1, headDim: 64 };
  const layout = { type: "fp8" as const, paged: false, pageTokens: 3 };
  const [slab = 0, scale = 0] = await pool.allocate([slabBytes(shape, layout), scaleBytes(shape)]);
  // 0x40 is 2 in e4m3; keys first, then values.
  await writeBlock(pool, slab, new Uint8Array(slabBytes(shape, layout)).fill(0x40));
  await writeBlock(pool, scale, new Uint8Array(Float32Array.of(7, 1.5).buffer));
  const memory = { lengths: Int32Array.of(3), slabs: [slab], scales: [scale] };
  const { output } = await decode(shape, layout, memory, { pool, output: true });
  // 3 in bf16
  expect(output).toEqual(new Uint16Array(128).fill(0x4040));
  await pool.release([slab, scale]);
});

const SHAPE: DecodeShape = { layers: 1, heads: 2, kvHeads: 1, headDim: 64 };
const DENSE: CacheLayout = { type: "bf16", paged: false, pageTokens: 16 };
const PAGED: CacheLayout = { ...DENSE, paged: true };

const WRONG: [string, Partial<DecodeShape>, Partial<CacheLayout>, Partial<DecodeMemory>, RegExp][] = [
  ["no layers", { layers: 0 }, DENSE, {}, /^Layers must be a whole number from 1/],
  ["a head dimension of 96", { headDim: 96 }, DENSE, {}, /headDim must be 64, 128 or 256/],
  ["kvHeads that do not divide", { heads: 3, kvHeads: 2 }, DENSE, {}, /kvHeads must divide heads/],
  ["layers that overflow", { layers: 2 ** 20 }, { pageTokens: 2 ** 30 }, {}, /more than 2\^53 bytes/],
  ["an fp16 cache of bf16 queries", {}, { type: "fp16" }, {}, /must have the type of the queries/],
  ["an unknown cache", {}, { type: "int4" as never }, {}, /^Cache is unknown/],
  ["no sequence", {}, DENSE, { lengths: new Int32Array(), slabs: [] }, /1 to 2\^20 sequences/],
  ["a length of 0", {}, DENSE, { lengths: Int32Array.of(0) }, /lengths must be whole numbers from 1/],
  ["a negative length", {}, DENSE, { lengths: Int32Array.of(-5) }, /lengths must be whole numbers from 1/],
  ["a sequence longer than its slab", {}, DENSE, { lengths: Int32Array.of(17) }, /17 tokens.*room for 16/],
  ["two sequences in one slab", {}, DENSE, { lengths: Int32Array.of(1, 1) }, /one slab for each sequence/],
  ["lengths of another type", {}, DENSE, { lengths: [16] as never }, /^Lengths must be an Int32Array/],
  [
    "a page of 24 tokens",
    {},
    { ...PAGED, pageTokens: 24 },
    { table: Int32Array.of(0) },
    /16, 32, 64, 128 or 256 tokens/,
  ],
  ["three pages in a slab", {}, { ...PAGED, pagesInSlab: 3 }, { table: Int32Array.of(0) }, /power of two/],
  ["no table", {}, PAGED, {}, /^Table must be an Int32Array/],
  ["a table that is too short", {}, PAGED, { table: new Int32Array() }, /as many pages/],
  ["a page beyond the slabs", {}, PAGED, { table: Int32Array.of(1) }, /names page 1, and there are 1/],
  ["a page below 0", {}, PAGED, { table: Int32Array.of(-1) }, /names page -1/],
  [
    "more tokens than pages",
    {},
    PAGED,
    { lengths: Int32Array.of(17), table: Int32Array.of(0) },
    /2 pages.*room for 1/,
  ],
  ["an unknown handle", {}, DENSE, { slabs: [999] }, /^Slabs is not of this pool/],
  ["a slab that is too small", {}, { pageTokens: 17 }, {}, /smaller than the layout says/],
  ["scales for nobody", {}, DENSE, { scales: [1, 1] }, /./],
];

test.each(WRONG)("%s is a sentence", async (_name, shape, layout, memory, sentence) => {
  const slabs = await pool.allocate([slabBytes(SHAPE, DENSE)]);
  const used = pool.stats();
  const call = decode(
    { ...SHAPE, ...shape },
    { ...DENSE, ...layout },
    { lengths: Int32Array.of(16), slabs, ...memory },
    { pool },
  );
  await expect(call).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringMatching(sentence) as string,
  });
  expect(pool.stats()).toMatchObject({ usedBytes: (used as { usedBytes: number }).usedBytes });
  await pool.release(slabs);
});

test("bytes that would end beyond a block are refused, and an unknown type", async () => {
  const [handle = 0] = await pool.allocate([100]);
  await expect(writeBlock(pool, handle, new Uint8Array(60), 50)).rejects.toMatchObject({
    message: "Bytes must end within the block.",
  });
  await expect(writeBlock(pool, handle, new Uint8Array(1), 2 ** 52)).rejects.toMatchObject({ code: "USAGE" });
  await expect(fillCache(pool, handle, { type: "fp4" as never, seed: 1 })).rejects.toMatchObject({
    code: "USAGE",
  });
  await expect(readBlock(pool, handle + 1)).rejects.toMatchObject({ code: "USAGE" });
  expect(await readBlock(pool, handle)).toBeGreaterThanOrEqual(0);
  await pool.release([handle]);
});

test("a cache over the cap is out of device memory, and the pool goes on", async () => {
  const small = new MemoryPool({ capBytes: 8192 });
  const slabs = await small.allocate([slabBytes(SHAPE, DENSE)]);
  const memory = { lengths: Int32Array.of(16), slabs };
  await expect(decode(SHAPE, DENSE, memory, { pool: small })).rejects.toMatchObject({
    code: "OUT_OF_DEVICE_MEMORY",
  });
  expect(small.stats()).toMatchObject({ usedBytes: 4096 });
  await small.close();
});

test("blocks that are released, and a pool that is closed, while they are read, live until the end", async () => {
  const other = new MemoryPool();
  const shape = { layers: 4, heads: 8, kvHeads: 1, headDim: 128 };
  const layout = { type: "bf16" as const, paged: false, pageTokens: 4000 };
  const slabs = await other.allocate([slabBytes(shape, layout)]);
  await fillCache(other, slabs[0] ?? 0, { type: "bf16", seed: 1 });
  const running = decode(
    shape,
    layout,
    { lengths: Int32Array.of(4000), slabs },
    { pool: other, output: true },
  );
  await other.release(slabs);
  await other.close();
  expect(numbersOf((await running).output, "bf16").every(Number.isFinite)).toBe(true);
});

test("values of any type in any place throw and do not crash", () => {
  const odd = [undefined, null, Number.NaN, -1, 2 ** 64, "bf16", 1n, [], {}, () => 1, new Int32Array(3)];
  const getter = {
    get lengths(): never {
      throw new RangeError("mine");
    },
  };
  for (const call of ["decode", "fillBlock", "writeBlock", "readBlock"] as const) {
    for (const value of [...odd, getter])
      for (const place of [0, 1, 2, 3]) {
        const args: unknown[] = [pool.native, {}, {}, {}];
        args[place] = value;
        expect(() => (addon[call] as (...args: unknown[]) => unknown)(...args)).toThrow();
      }
  }
});

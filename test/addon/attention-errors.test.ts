import { afterAll, expect, test } from "vitest";
import type { AttentionOptions, AttentionShape, TensorData } from "../../src/device/attention.js";
import { attention } from "../../src/device/attention.js";
import { MemoryPool } from "../../src/device/memory-pool.js";
import { addon } from "./support/addon.js";

const pool = new MemoryPool({ capBytes: 64 * 2 ** 20 });
afterAll(() => pool.close());

const SHAPE: AttentionShape = { heads: 2, tokens: 8, headDim: 16 };
const numbers = (): Float32Array<ArrayBuffer> => new Float32Array(256);

function call(
  shape: Partial<AttentionShape>,
  options: Partial<AttentionOptions> = {},
  arrays: TensorData[] = [],
): Promise<unknown> {
  const [q = numbers(), k = numbers(), v = numbers()] = arrays;
  return attention(q, k, v, { ...SHAPE, ...shape }, { pool, ...options });
}

const WRONG: [string, Partial<AttentionShape>, Partial<AttentionOptions>, RegExp][] = [
  ["no heads", { heads: 0 }, {}, /^Heads must be a whole number from 1/],
  ["negative tokens", { tokens: -1 }, {}, /^Tokens must be a whole number from 1/],
  ["half a token", { tokens: 1.5 }, {}, /^Tokens must be a whole number/],
  ["a text for tokens", { tokens: "8" as never }, {}, /^Tokens must be a number/],
  ["a batch of NaN", { batch: Number.NaN }, {}, /^Batch must be a whole number/],
  ["kvHeads that do not divide", { heads: 4, kvHeads: 3 }, {}, /kvHeads must divide heads/],
  ["a head dimension of 17", { headDim: 17 }, {}, /headDim must be a multiple of 16 up to 256/],
  ["a head dimension of 512", { headDim: 512 }, {}, /headDim must be a multiple of 16 up to 256/],
  ["sizes that overflow", { tokens: 2 ** 40, heads: 2 ** 20 }, {}, /more than 2\^53 bytes/],
  ["tokens beyond 2^53", { tokens: 2 ** 60 }, {}, /whole number from 1 to 2\^53/],
  ["another length", { tokens: 9 }, {}, /^Queries has another length than its shape says/],
  ["an infinite scale", {}, { scale: Number.POSITIVE_INFINITY }, /scale must be a finite number/],
  ["an unknown kernel", {}, { kernel: "magic" as never }, /^Kernel is unknown/],
  ["an unknown dtype", {}, { dtype: "int8" as never }, /./],
  ["fp32 arrays for fp16", {}, { dtype: "fp16" }, /^Queries must be a Uint16Array/],
  ["scores of a third type", {}, { scoreDtype: "bf16" }, /^Scores are kept in fp32 or/],
];

test.each(WRONG)("%s is a sentence and takes no memory", async (_name, shape, options, sentence) => {
  const error = await call(shape, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: "USAGE", message: expect.stringMatching(sentence) as string });
  expect(pool.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
});

test("a detached buffer is named", async () => {
  const values = numbers();
  structuredClone(values, { transfer: [values.buffer] });
  await expect(call({}, {}, [numbers(), numbers(), values])).rejects.toMatchObject({
    code: "USAGE",
    message: "Values has another length than its shape says, or was detached.",
  });
});

test("an instruction set that is not there is an error", async () => {
  await expect(call({}, { instructionSet: "avx1024" })).rejects.toMatchObject({ code: "DEVICE_FAILED" });
});

const ODD: unknown[] = [
  undefined,
  null,
  Number.NaN,
  -1,
  2 ** 64,
  "flash",
  "\ud800",
  1n,
  Symbol.iterator,
  [],
  () => 1,
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new Float32Array(256),
  new Uint16Array(256),
  new BigInt64Array(4),
  new DataView(new ArrayBuffer(16)),
  Object.create(null),
  new Proxy(
    {},
    {
      get() {
        throw new Error("read");
      },
    },
  ),
  pool.native,
];

test("any arguments of the addon's own function end in an answer or an exception", async () => {
  let state = 42;
  const odd = (): unknown => ODD[(state = (state * 48_271) % 2_147_483_647) % ODD.length];
  const right = {
    batch: 1,
    heads: 2,
    kvHeads: 2,
    tokens: 8,
    headDim: 16,
    causal: false,
    scale: 1,
    dtype: "fp32",
    scoreDtype: "fp32",
    kernel: "flash",
    threads: 2,
    instructionSet: "",
    seed: 1,
    output: true,
    allocateOnly: false,
  };
  const native = Reflect.get(addon, "attention") as unknown as (...args: unknown[]) => unknown;
  for (let round = 0; round < 3000; ++round) {
    const key = Object.keys(right)[round % 15] as string;
    const options = round % 3 === 0 ? odd() : { ...right, [key]: odd() };
    const first = round % 5 === 0 ? odd() : pool.native;
    let answer: unknown;
    try {
      answer = native(first, options, odd(), odd(), odd());
    } catch {
      continue;
    }
    await Promise.resolve(answer).catch(() => undefined);
  }
  expect(pool.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
});

test("any arguments of createPool and of its methods end in an answer or an exception", async () => {
  let state = 43;
  const odd = (): unknown => ODD[(state = (state * 48_271) % 2_147_483_647) % (ODD.length - 1)];
  const create = Reflect.get(addon, "createPool") as unknown as (
    ...args: unknown[]
  ) => Record<string, (arg: unknown) => unknown>;
  for (let round = 0; round < 1000; ++round) {
    try {
      create(odd(), odd());
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    const own = create(1e6, 1);
    for (const name of ["allocate", "release", "trim", "setReleaseThreshold", "resetHighWater", "stats"]) {
      try {
        await Promise.resolve(own[name]?.(round % 2 === 0 ? odd() : [odd()]));
      } catch {
        // An exception is an answer; a crash would end the process.
      }
    }
  }
  expect(addon.createPool(1e6, 1).stats()).toMatchObject({ usedBytes: 0 });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AttentionKernel, AttentionShape, Dtype, TensorData } from "../../src/device/attention.js";
import { attention, randomAttention } from "../../src/device/attention.js";
import { MemoryPool } from "../../src/device/memory-pool.js";
import { ERROR_LIMITS, numbersOf, relativeError, selfCheck } from "../../src/device/self-check.js";
import { addon } from "./support/addon.js";
import { inChild } from "./support/child.js";

const MIB = 2 ** 20;
const pool = new MemoryPool({ capBytes: 512 * MIB });
afterAll(() => pool.close());

const KERNELS: AttentionKernel[] = ["naive", "eager", "flash"];
const DTYPES: Dtype[] = ["fp32", "fp16", "bf16"];

/** Rounds to the nearest number of a type, ties to even; NaN and infinity are not expected. */
function roundTo(dtype: Dtype, value: number): number {
  if (dtype === "fp32" || value === 0) return value;
  const [digits, smallestStep] = dtype === "fp16" ? [11, 2 ** -24] : [8, 2 ** -133];
  const step = Math.max(2 ** (Math.floor(Math.log2(Math.abs(value))) + 1 - digits), smallestStep);
  const steps = value / step;
  const down = Math.floor(steps);
  const up = steps - down > 0.5 || (steps - down === 0.5 && down % 2 !== 0);
  return (up ? down + 1 : down) * step;
}

/**
 * Attention in double precision, written from its definition and sharing no code with the addon. An eager
 * implementation keeps its scores, scaled scores and weights in the type of the numbers: with `stored` they are
 * rounded to it, which moves the result by the size of the largest score times half a unit in the last place.
 */
function exact(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  { batch = 1, heads, kvHeads = heads, tokens, headDim }: AttentionShape,
  scale: number,
  causal: boolean,
  stored: Dtype = "fp32",
): Float64Array {
  const out = new Float64Array(q.length);
  const at = (data: Float32Array, head: number, row: number, d: number): number =>
    data[(head * tokens + row) * headDim + d] as number;
  for (let head = 0; head < batch * heads; head++) {
    const shared = Math.floor(head / heads) * kvHeads + Math.floor((head % heads) / (heads / kvHeads));
    for (let row = 0; row < tokens; row++) {
      const seen = causal ? row + 1 : tokens;
      const scores = Array.from({ length: seen }, (_, key) => {
        let sum = 0;
        for (let d = 0; d < headDim; d++) sum += at(q, head, row, d) * at(k, shared, key, d);
        return roundTo(stored, roundTo(stored, sum) * scale);
      });
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let d = 0; d < headDim; d++) {
        let sum = 0;
        weights.forEach((weight, key) => (sum += roundTo(stored, weight / total) * at(v, shared, key, d)));
        out[(head * tokens + row) * headDim + d] = sum;
      }
    }
  }
  return out;
}

/** Numbers between -2 and 2, fresh in each run: the limits hold for all of them. */
function randomTensor(length: number, dtype: Dtype): TensorData {
  const numbers = Float32Array.from({ length }, () => 4 * Math.random() - 2);
  if (dtype === "fp32") return numbers;
  // Whole 1/64 are exact in both 16-bit types up to 2.
  const bits = new Uint16Array(length);
  const word = new DataView(new ArrayBuffer(4));
  numbers.forEach((number, index) => {
    word.setFloat32(0, Math.round(number * 64) / 64);
    const whole = word.getUint32(0);
    if (dtype === "bf16") bits[index] = whole >>> 16;
    else {
      const exponent = ((whole >>> 23) & 0xff) - 112;
      bits[index] =
        (whole & 0x7fffffff) === 0
          ? 0
          : ((whole >>> 16) & 0x8000) | (exponent << 10) | ((whole >>> 13) & 0x3ff);
    }
  });
  return bits;
}

const SHAPES: AttentionShape[] = [
  { heads: 1, tokens: 1, headDim: 64 },
  { heads: 2, tokens: 7, headDim: 128 },
  { heads: 4, kvHeads: 2, tokens: 65, headDim: 64 },
  { batch: 2, heads: 3, kvHeads: 1, tokens: 129, headDim: 80 },
  { heads: 1, tokens: 257, headDim: 16 },
  { batch: 3, heads: 2, tokens: 31, headDim: 256 },
];

/** What rounding the output alone leaves: less than half a unit in the last place of each number. */
const ROUNDED_OUTPUT: Record<Dtype, number> = { fp32: 1e-5, fp16: 2 ** -11, bf16: 2 ** -8 };

describe.each(addon.cpuInstructionSets())("%s", (instructionSet) => {
  describe.each(DTYPES)("%s", (dtype) => {
    describe.each([false, true])("causal %s", (causal) => {
      test.each(KERNELS)("%s agrees with the definition at odd sizes", async (kernel) => {
        for (const shape of SHAPES) {
          const { batch = 1, heads, kvHeads = heads, tokens, headDim } = shape;
          const scale = 0.21;
          const q = randomTensor(batch * heads * tokens * headDim, dtype);
          const k = randomTensor(batch * kvHeads * tokens * headDim, dtype);
          const v = randomTensor(batch * kvHeads * tokens * headDim, dtype);
          const truth = exact(
            numbersOf(q, dtype),
            numbersOf(k, dtype),
            numbersOf(v, dtype),
            shape,
            scale,
            causal,
            kernel === "eager" ? dtype : "fp32",
          );
          const { output, code } = await attention(q, k, v, shape, {
            pool,
            kernel,
            dtype,
            causal,
            scale,
            instructionSet,
          });
          expect(code).toBe(instructionSet);
          expect(relativeError(numbersOf(output, dtype), truth), JSON.stringify(shape)).toBeLessThan(
            ROUNDED_OUTPUT[dtype],
          );
        }
      });
    });
  });

  test("passes the check at the start of a profile", async () => {
    expect(await selfCheck(pool, instructionSet)).toEqual([]);
  });
});

test("naive with 16-bit scores stays within the limit of its type", async () => {
  for (const dtype of ["fp16", "bf16"] as const) {
    const shape = { heads: 2, tokens: 300, headDim: 64 };
    const common = { pool, dtype, seed: 5, output: true };
    const truth = await randomAttention(shape, { ...common, kernel: "reference" });
    const { output } = await randomAttention(shape, { ...common, kernel: "naive", scoreDtype: dtype });
    expect(relativeError(numbersOf(output, dtype), numbersOf(truth.output, dtype))).toBeLessThan(
      ERROR_LIMITS[dtype],
    );
  }
});

test("scores far apart neither overflow nor vanish", async () => {
  const shape = { heads: 1, tokens: 40, headDim: 16 };
  const q = Float32Array.from({ length: 640 }, (_, index) => 50 * Math.sin(index));
  const k = Float32Array.from({ length: 640 }, (_, index) => 50 * Math.cos(3 * index));
  const v = Float32Array.from({ length: 640 }, (_, index) => index % 7);
  const truth = exact(q, k, v, shape, 1, false);
  for (const kernel of KERNELS) {
    const { output } = await attention(q, k, v, shape, { pool, kernel, scale: 1 });
    expect(relativeError(numbersOf(output, "fp32"), truth), kernel).toBeLessThan(1e-4);
  }
});

test("the result does not depend on the number of threads", async () => {
  const shape = { heads: 3, tokens: 500, headDim: 64 };
  const outputs = await Promise.all(
    [1, 2, 7].map((threads) => randomAttention(shape, { pool, threads, seed: 9, output: true })),
  );
  // Fewer rows in a block change nothing: each row is summed in the same order.
  for (const { output } of outputs) expect(output).toEqual(outputs[0]?.output);
});

test("arrays may be transferred as soon as the call has returned", async () => {
  const shape = { heads: 1, tokens: 64, headDim: 64 };
  const make = (): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: 4096 }, (_, index) => Math.sin(index));
  const expected = await attention(make(), make(), make(), shape, { pool });
  const [q, k, v] = [make(), make(), make()];
  const running = attention(q, k, v, shape, { pool });
  structuredClone([q, k, v], { transfer: [q.buffer, k.buffer, v.buffer] });
  expect(q.length).toBe(0);
  expect((await running).output).toEqual(expected.output);
});

describe("memory", () => {
  const shape = { heads: 4, tokens: 1000, headDim: 64 };
  const inputOutput = 4 * 4 * 1000 * 64 * 4;

  beforeAll(async () => {
    await pool.trim();
  });

  test("naive holds one score buffer of all heads beside inputs, output and workspace", async () => {
    const flash = await randomAttention(shape, { pool, kernel: "flash", seed: 1 });
    const naive = await randomAttention(shape, { pool, kernel: "naive", seed: 1 });
    expect(flash.inputOutputBytes).toBe(inputOutput);
    expect(naive.usedHighWaterBytes - flash.usedHighWaterBytes).toBe(4 * 1000 * 1000 * 4);
  });

  test.each([
    ["fp32", 8],
    ["fp16", 8],
    ["bf16", 10],
  ] as const)("eager in %s holds %i bytes per score at its highest", async (dtype, bytes) => {
    const flash = await randomAttention(shape, { pool, kernel: "flash", dtype, seed: 1 });
    const eager = await randomAttention(shape, { pool, kernel: "eager", dtype, seed: 1 });
    expect(eager.usedHighWaterBytes - flash.usedHighWaterBytes).toBe(bytes * 4 * 1000 * 1000);
  });

  test("flash takes no more beside inputs and output when there are more tokens", async () => {
    const extra = async (tokens: number): Promise<number> => {
      const result = await randomAttention({ heads: 8, tokens, headDim: 128 }, { pool, seed: 1 });
      return result.usedHighWaterBytes - result.inputOutputBytes;
    };
    const small = await extra(1000);
    expect(await extra(4000)).toBe(small);
    expect(small).toBeLessThan(8 * MIB);
  });

  test("everything goes back, also when it did not fit", async () => {
    const tight = new MemoryPool({ capBytes: 20 * MIB });
    for (const kernel of KERNELS) {
      await randomAttention({ heads: 4, tokens: 200, headDim: 64 }, { pool: tight, kernel, seed: 1 });
      // Inputs and output alone are 24.6 MB, whatever the workspace of the threads adds.
      await expect(
        randomAttention({ heads: 4, tokens: 6000, headDim: 64 }, { pool: tight, kernel, seed: 1 }),
      ).rejects.toMatchObject({ code: "OUT_OF_DEVICE_MEMORY", capBytes: 20 * MIB });
      expect(tight.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
    }
    await tight.close();
  });

  test("a pool that is closed under a running attention serves it to its end", async () => {
    const own = new MemoryPool();
    const running = randomAttention(shape, { pool: own, seed: 1, output: true });
    await own.close();
    expect((await running).output).toHaveLength(4 * 1000 * 64);
  });
});

const IN_WORKER = `const { parentPort, workerData } = require("node:worker_threads");
  const addon = require(workerData);
  const options = { batch: 1, heads: 4, kvHeads: 4, tokens: 400, headDim: 64, causal: false, scale: 0.125,
    dtype: "fp32", scoreDtype: "fp32", kernel: "naive", threads: 2, instructionSet: "", seed: 1, output: true,
    allocateOnly: false };
  const run = () => addon.attention(addon.createPool(Infinity, 2), options, null, null, null);`;

test("worker threads run attention side by side and get the same numbers", () => {
  const sums = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = ${JSON.stringify(IN_WORKER)} +
       "run().then(({ output }) => parentPort.postMessage(new Float32Array(output).reduce((a, b) => a + b)));";
     const answer = () => new Promise((resolve, reject) => {
       const worker = new Worker(work, { eval: true, workerData: process.argv[1] });
       worker.once("message", resolve).once("error", reject);
     });
     return await Promise.all([answer(), answer(), answer(), answer()]);`,
  ) as number[];
  expect(sums).toHaveLength(4);
  expect(new Set(sums).size).toBe(1);
});

test("a worker that is terminated while attention runs does not take the process along", () => {
  const ended = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = ${JSON.stringify(IN_WORKER)} +
       "const again = () => run().then(again); again(); parentPort.postMessage(1);";
     let ended = 0;
     for (let round = 0; round < 12; ++round) {
       const worker = new Worker(work, { eval: true, workerData: process.argv[1] });
       await new Promise((resolve) => worker.once("message", resolve));
       await new Promise((resolve) => setTimeout(resolve, 3 * round));
       await worker.terminate();
       ended += 1;
     }
     return ended;`,
  );
  expect(ended).toBe(12);
});

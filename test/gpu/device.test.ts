import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attention, randomAttention } from "../../src/device/attention.js";
import { MemoryPool } from "../../src/device/memory-pool.js";
import { deviceBytes, deviceChange } from "../../src/device/second-route.js";
import { ERROR_LIMITS, numbersOf, relativeError, selfCheck } from "../../src/device/self-check.js";
import { cudaDevices } from "../../src/system/probe/cuda.js";
import { isAbsent } from "../../src/system/probe/reading.js";

const DEVICE = "cuda:0";
const MIB = 2 ** 20;

const report = cudaDevices();
const WHY_NOT = isAbsent(report)
  ? `needs a GPU: ${report.absent}`
  : report.devices.length === 0
    ? "needs a GPU: the driver lists none"
    : undefined;

describe("a real device", () => {
  let pool: MemoryPool;

  beforeAll(() => {
    if (WHY_NOT === undefined) pool = new MemoryPool({ device: DEVICE, capBytes: 2 ** 30 });
  });
  afterAll(async () => {
    if (WHY_NOT === undefined) await pool.close();
  });

  test("every kernel passes the check at the start of a profile", async ({ skip }) => {
    skip(WHY_NOT !== undefined, WHY_NOT);
    expect(await selfCheck(pool, "")).toEqual([]);
  });

  const DTYPES = ["fp32", "fp16", "bf16"] as const;

  test.for(DTYPES)(
    "%s agrees with the reference at odd sizes",
    { timeout: 300_000 },
    async (dtype, { skip }) => {
      skip(WHY_NOT !== undefined, WHY_NOT);
      for (const headDim of [16, 64, 80, 128]) {
        for (const tokens of [1, 63, 64, 65, 127, 129, 513, 1000]) {
          for (const causal of [false, true]) {
            const shape = { batch: 2, heads: 4, kvHeads: 2, tokens, headDim };
            const common = { pool, dtype, causal, seed: tokens, output: true };
            const truth = numbersOf(
              (await randomAttention(shape, { ...common, kernel: "reference" })).output,
              dtype,
            );
            for (const kernel of ["naive", "eager", "flash"] as const) {
              const { output } = await randomAttention(shape, { ...common, kernel });
              expect(
                relativeError(numbersOf(output, dtype), truth),
                `${kernel} ${tokens} x ${headDim}${causal ? " causal" : ""}`,
              ).toBeLessThan(ERROR_LIMITS[dtype]);
            }
          }
        }
      }
    },
  );

  test("arrays go to the device and come back", async ({ skip }) => {
    skip(WHY_NOT !== undefined, WHY_NOT);
    const ones = new Float32Array(128 * 64).fill(1);
    const values = Float32Array.from({ length: 128 * 64 }, (_, index) => index % 64);
    const { output } = await attention(ones, ones, values, { heads: 1, tokens: 128, headDim: 64 }, { pool });
    expect(Array.from(output?.slice(0, 4) ?? []).map(Math.round)).toEqual([0, 1, 2, 3]);
  });

  test("what a pool reserves is missing from the driver's free memory", async ({ skip }) => {
    skip(WHY_NOT !== undefined, WHY_NOT);
    const own = new MemoryPool({ device: DEVICE });
    await own.setReleaseThreshold(Number.POSITIVE_INFINITY);
    const before = deviceBytes(DEVICE);
    await own.allocate([512 * MIB, 256 * MIB]);
    const change = deviceChange(before, deviceBytes(DEVICE)) as number;
    const { usedBytes, reservedBytes } = own.stats();
    expect(Math.abs(change / reservedBytes - 1)).toBeLessThan(0.02);
    expect(Math.abs(change / usedBytes - 1)).toBeLessThan(0.05);
    await own.close();
  });

  test("over the cap nothing stays taken", async ({ skip }) => {
    skip(WHY_NOT !== undefined, WHY_NOT);
    const shape = { heads: 16, tokens: 20_000, headDim: 128 };
    await expect(
      randomAttention(shape, { pool, kernel: "naive", dtype: "fp16", seed: 1 }),
    ).rejects.toMatchObject({ code: "OUT_OF_DEVICE_MEMORY" });
    expect(pool.stats().usedBytes).toBe(0);
  });
});

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NativeAttentionResult, PoolFailure, PoolStats } from "../../src/system/native/contract.js";
import { SANITIZED } from "./support/addon.js";
import { inChild } from "./support/child.js";
import { emulatedDevice, NO_CXX_COMPILER } from "./support/stand-in.js";

// The host side of a CUDA device against a driver that runs the kernels on the emulated machine: what is launched how,
// what is taken and given back, and what happens when the driver says no. A real device is not asked.

const NO_KERNELS = SANITIZED
  ? "needs kernels that run, and AddressSanitizer does not follow the stacks of the emulated threads"
  : undefined;
let device: Record<string, string> = {};

beforeAll(() => {
  if (NO_CXX_COMPILER !== undefined) return;
  device = { ...emulatedDevice(), ...(SANITIZED ? { STAND_IN_NO_KERNELS: "1" } : {}) };
});

beforeEach(({ skip }) => {
  skip(NO_CXX_COMPILER !== undefined, NO_CXX_COMPILER);
});

const MIB = 2 ** 20;
const SELF_CHECK = new URL("../../dist/device/self-check.js", import.meta.url).href;

/** Runs statements in a process whose driver is the emulated one; `open` makes a pool on its device. */
function onDevice(body: string, env: Record<string, string> = {}): unknown {
  return inChild(
    `const open = (cap = Infinity) => addon.createPool(cap, 2, 0, process.env.BYTESPER_KERNELS);
     const shape = { batch: 1, heads: 4, kvHeads: 2, tokens: 37, headDim: 64, causal: true, scale: 0.125,
       dtype: "fp16", scoreDtype: "fp16", kernel: "flash", threads: 2, instructionSet: "", seed: 3,
       output: true, allocateOnly: false };
     ${body}`,
    { env: { ...device, ...env } },
  );
}

describe("pool", () => {
  test("used and reserved are the driver's counts", () => {
    const [open, released] = onDevice(
      `const pool = open();
       const handles = await pool.allocate([3000000, 100]);
       const open_ = pool.stats();
       await pool.release(handles);
       return [open_, pool.stats()];`,
    ) as PoolStats[];
    // 3,000,000 rounds to 3,000,320 and 100 to 512 in steps of 512; the device reserves 2 MiB at a time.
    expect(open).toEqual({
      usedBytes: 3_000_832,
      usedHighWaterBytes: 3_000_832,
      reservedBytes: 4 * MIB,
      reservedHighWaterBytes: 4 * MIB,
    });
    expect(released).toMatchObject({ usedBytes: 0, usedHighWaterBytes: 3_000_832, reservedBytes: 0 });
  });

  test("a driver that reserves 32 MiB at a time is counted so", () => {
    const stats = onDevice(
      `const pool = open();
       await pool.allocate([3000000]);
       return pool.stats();`,
      { STAND_IN_GRANULE: String(32 * MIB) },
    );
    expect(stats).toMatchObject({ usedBytes: 3_000_320, reservedBytes: 32 * MIB });
  });

  test("marks are reset, a threshold keeps memory and trimming returns it", () => {
    const readings = onDevice(
      `const pool = open();
       await pool.setReleaseThreshold(Infinity);
       await pool.release(await pool.allocate([5 * 2 ** 20]));
       const kept = pool.stats();
       pool.resetHighWater();
       const reset = pool.stats();
       await pool.trim(0);
       return [kept, reset, pool.stats(), pool.deviceUsedBytes()];`,
    );
    expect(readings).toMatchObject([
      { usedBytes: 0, usedHighWaterBytes: 5 * MIB, reservedBytes: 6 * MIB },
      { usedHighWaterBytes: 0, reservedHighWaterBytes: 6 * MIB },
      { reservedBytes: 0 },
      0,
    ]);
  });

  test("over the cap and over the device are oom-device, and the pool goes on", () => {
    const [overCap, overStep, overDevice, stats] = onDevice(
      `const pool = open(9 * 2 ** 20);
       await pool.allocate([4 * 2 ** 20]);
       const overCap = await pool.allocate([6 * 2 ** 20]);
       // 4.5 MiB are within the cap, the 10 MiB that the device reserves for both are not.
       const overStep = await pool.allocate([4.5 * 2 ** 20]);
       const overDevice = await open().allocate([13 * 2 ** 20]);
       return [overCap, overStep, overDevice, pool.stats()];`,
      { STAND_IN_TOTAL: String(16 * MIB) },
    ) as [PoolFailure, PoolFailure, PoolFailure, PoolStats];
    expect(overCap).toEqual({
      failure: "oom-device",
      reason: "it would go over the cap",
      requestedBytes: 6 * MIB,
      usedBytes: 4 * MIB,
      reservedBytes: 4 * MIB,
      capBytes: 9 * MIB,
    });
    expect(overStep).toMatchObject({ failure: "oom-device", reason: "it would go over the cap" });
    expect(overDevice).toMatchObject({ failure: "oom-device", reason: "the device has no memory left" });
    expect(stats).toMatchObject({ usedBytes: 4 * MIB, reservedBytes: 4 * MIB });
  });
});

describe("attention", () => {
  test.for(["naive", "eager", "flash"])("%s agrees with the reference in each type", (kernel, { skip }) => {
    skip(NO_KERNELS !== undefined, NO_KERNELS);
    const errors = onDevice(
      `const pool = open();
       const { numbersOf, relativeError } = await import(${JSON.stringify(SELF_CHECK)});
       const errors = {};
       for (const dtype of ["fp32", "fp16", "bf16"]) {
         for (const causal of [true, false]) {
           const run = async (kernel) => {
             const options = { ...shape, dtype, causal, scoreDtype: "fp32", kernel };
             const { output } = await addon.attention(pool, options, null, null, null);
             return numbersOf(dtype === "fp32" ? new Float32Array(output) : new Uint16Array(output), dtype);
           };
           errors[dtype + causal] = relativeError(await run("${kernel}"), await run("reference"));
         }
       }
       return [errors, pool.stats().usedBytes];`,
    ) as [Record<string, number>, number];
    const limits: Record<string, number> = { fp32: 1e-5, fp16: 3e-3, bf16: 1e-2 };
    for (const [name, error] of Object.entries(errors[0]))
      expect(error, name).toBeLessThan(limits[name.slice(0, 4)] as number);
    expect(errors[1]).toBe(0);
  });

  test("the host makes the same numbers from a seed as the device", ({ skip }) => {
    skip(NO_KERNELS !== undefined, NO_KERNELS);
    expect(
      onDevice(
        `const run = async (pool) => {
           const options = { ...shape, dtype: "fp32", kernel: "reference" };
           return new Float32Array((await addon.attention(pool, options, null, null, null)).output);
         };
         const flash = async (pool) => {
           const options = { ...shape, dtype: "fp32" };
           return new Float32Array((await addon.attention(pool, options, null, null, null)).output);
         };
         const { relativeError } = await import(${JSON.stringify(SELF_CHECK)});
         return relativeError(await flash(open()), await run(addon.createPool(Infinity, 2)));`,
      ),
    ).toBeLessThan(1e-5);
  });

  test("arrays are taken and an output is given back", ({ skip }) => {
    skip(NO_KERNELS !== undefined, NO_KERNELS);
    expect(
      onDevice(
        `const pool = open();
         const ones = (length) => new Float32Array(length).fill(1);
         const values = Float32Array.from({ length: 2 * 37 * 64 }, (_, index) => index % 64);
         const options = { ...shape, dtype: "fp32", scoreDtype: "fp32" };
         const { output } = await addon.attention(pool, options, ones(4 * 37 * 64), ones(2 * 37 * 64), values);
         return [...new Float32Array(output).slice(0, 5)].map(Math.round);`,
      ),
    ).toEqual([0, 1, 2, 3, 4]);
  });

  test("memory is that of the formula: scores for naive, none for flash, copies for eager", () => {
    const used = onDevice(
      `const used = {};
       for (const [kernel, dtype] of [["flash", "bf16"], ["naive", "bf16"], ["eager", "fp32"], ["eager", "fp16"], ["eager", "bf16"]]) {
         const options = { ...shape, dtype, kernel, scoreDtype: dtype, kvHeads: 4, tokens: 1024, allocateOnly: true, output: false };
         const answer = await addon.attention(open(), options, null, null, null);
         used[kernel + dtype] = (answer.usedHighWaterBytes - answer.inputOutputBytes) / (4 * 1024 * 1024);
       }
       return used;`,
    );
    expect(used).toEqual({ flashbf16: 0, naivebf16: 2, eagerfp32: 8, eagerfp16: 8, eagerbf16: 10 });
  });

  test("all pools of a process look a kernel up once", () => {
    // The inputs and the kernel are two functions; a third look-up would fail.
    const answers = onDevice(
      `const codes = [];
       const keep = open();
       for (let round = 0; round < 2; round += 1) {
         const pool = open();
         codes.push((await addon.attention(pool, shape, null, null, null)).code);
         await pool.close();
       }
       return codes;`,
      { STAND_IN_FAIL: "cuModuleGetFunction=999@3", STAND_IN_PLAIN: "1" },
    );
    expect(answers).toEqual(Array(2).fill("bytesper_flash_fp16_d64_causal"));
  });

  test("numbers that a kernel does not write are not those of the kernel before it", ({ skip }) => {
    skip(NO_KERNELS !== undefined, NO_KERNELS);
    const missing = onDevice(
      `const pool = open();
       const { numbersOf } = await import(${JSON.stringify(SELF_CHECK)});
       await addon.attention(pool, { ...shape, kernel: "naive", scoreDtype: "fp32" }, null, null, null);
       const { output } = await addon.attention(pool, shape, null, null, null);
       return numbersOf(new Uint16Array(output), "fp16").filter(Number.isNaN).length;`,
      { STAND_IN_PLAIN: "1", STAND_IN_KERNEL: "flash=short" },
    );
    // An eighth of 4 x 37 x 64 numbers.
    expect(missing).toBe(1184);
  });

  test("what the device cannot do is a reason", () => {
    const reasons = onDevice(
      `const pool = open();
       const reasons = [];
       for (const change of [{ headDim: 256 }, { scale: -1 }, { scale: 0 }]) {
         reasons.push((await addon.attention(pool, { ...shape, ...change }, null, null, null)).reason);
       }
       return [...reasons, pool.stats().usedBytes];`,
    );
    expect(reasons).toEqual([
      "there is no flash kernel for fp16 with headDim 256 on this device",
      "the kernels take a scale above 0 only",
      "the kernels take a scale above 0 only",
      0,
    ]);
  });
});

describe("the kernels for sm_90a", () => {
  const HOPPER = { STAND_IN_HOPPER: "1" };
  const ASKED = { ...HOPPER, BYTESPER_FLASH: "sm90" };
  const run = (change: object, env: Record<string, string>): unknown =>
    onDevice(
      `return addon.attention(open(), { ...shape, ...${JSON.stringify(change)} }, null, null, null);`,
      env,
    );

  test("run where they are asked for, or where they have proved themselves", ({ skip }) => {
    skip(NO_KERNELS !== undefined, NO_KERNELS);
    const SM90 = "bytesper_flash_sm90_fp16_d64_causal";
    const sm80 = { code: "bytesper_flash_fp16_d64_causal" };
    expect(run({}, HOPPER)).toMatchObject(sm80);
    expect(run({}, ASKED)).toMatchObject({ code: SM90 });
    expect(run({ instructionSet: "cuda" }, HOPPER)).toMatchObject({ code: SM90 });
    expect(run({ instructionSet: `cuda without ${SM90}` }, HOPPER)).toMatchObject(sm80);
    const narrowed = run({ instructionSet: "cuda" }, { ...HOPPER, BYTESPER_FLASH: "portable" });
    expect(narrowed).toMatchObject({ code: "bytesper_flash_sm75_fp16_d64_causal" });
  });

  test("that were passed over leave none, and the reason names them", () => {
    const passedOver = "bytesper_flash_sm90_fp16_d64_causal";
    const answer = run({ instructionSet: `cuda without ${passedOver}` }, ASKED);
    expect(answer).toMatchObject({
      failure: "no-kernel",
      reason: `no flash kernel for fp16 with headDim 64 is left: passed over on this device are ${passedOver}`,
    });
    expect(run({ instructionSet: "avx2" }, HOPPER)).toMatchObject({
      failure: "device",
      reason: '"avx2" is no choice of CUDA kernels; give cuda, or cuda without and names',
    });
  });

  // 300 tokens of 2 x 2 heads are 8 tiles of 192 rows or 12 of 128: each of the device's two processors takes several.
  test.for([64, 80, 128])("agree with the reference for headDim %i", (headDim, { skip }) => {
    skip(NO_KERNELS !== undefined, NO_KERNELS);
    const errors = onDevice(
      `const pool = open();
       const { numbersOf, relativeError } = await import(${JSON.stringify(SELF_CHECK)});
       const errors = {};
       for (const dtype of ["fp16", "bf16"]) {
         for (const causal of [true, false]) {
           const run = async (kernel) => {
             const options = { ...shape, batch: 2, heads: 2, kvHeads: 1, tokens: 300, headDim: ${headDim}, dtype,
               causal, scoreDtype: "fp32", kernel };
             const { output } = await addon.attention(pool, options, null, null, null);
             return numbersOf(new Uint16Array(output), dtype);
           };
           errors[dtype + causal] = relativeError(await run("flash"), await run("reference"));
         }
       }
       return errors;`,
      ASKED,
    ) as Record<string, number>;
    expect(Object.keys(errors)).toHaveLength(4);
    for (const [name, error] of Object.entries(errors))
      expect(error, name).toBeLessThan(name.startsWith("fp16") ? 3e-3 : 1e-2);
  });

  test("say why they cannot run", () => {
    const sm90 = { BYTESPER_FLASH: "sm90" };
    const reasons = [
      run({}, sm90),
      run({ headDim: 256 }, ASKED),
      run({ dtype: "fp32", scoreDtype: "fp32" }, ASKED),
      run({}, { ...HOPPER, BYTESPER_FLASH: "hopper" }),
      run({}, { ...ASKED, STAND_IN_FAIL: "cuTensorMapEncodeTiled=999@2" }),
    ].map((answer) => (answer as PoolFailure).reason);
    expect(reasons).toEqual([
      "the sm90 flash kernels run on devices of compute capability 9.0 alone, and this one has 8.0",
      "there is no sm90 flash kernel for fp16 with headDim 256",
      "there is no sm90 flash kernel for fp32 with headDim 64",
      "BYTESPER_FLASH must be sm90, sm80, portable or not set, not hopper",
      "cuTensorMapEncodeTiled failed: unknown error",
    ]);
  });

  test("take no memory of their own", () => {
    const answer = run({ tokens: 1024, allocateOnly: true, output: false }, ASKED) as NativeAttentionResult;
    expect(answer.usedHighWaterBytes - answer.inputOutputBytes).toBe(0);
  });
});

/** The call that fails, with which status and from which time on. */
const FAULTS = [
  "cuInit=999@1",
  "cuDeviceGetCount=999@1",
  "cuDeviceGetAttribute=999@1",
  "cuDevicePrimaryCtxRetain=2@1",
  "cuCtxSetCurrent=46@1",
  "cuCtxSetCurrent=46@9",
  "cuStreamCreate=2@1",
  "cuMemPoolCreate=999@1",
  "cuMemPoolGetAttribute=999@1",
  "cuMemPoolGetAttribute=999@20",
  "cuMemPoolSetAttribute=999@1",
  "cuMemAllocFromPoolAsync=2@1",
  "cuMemAllocFromPoolAsync=719@3",
  "cuMemAllocFromPoolAsync=2@5",
  "cuStreamSynchronize=719@1",
  "cuStreamSynchronize=719@7",
  "cuModuleLoadData=999@1",
  "cuModuleGetFunction=999@2",
  "cuLaunchKernel=719@1",
  "cuLaunchKernel=719@4",
  "cuMemcpyDtoDAsync_v2=719@1",
  "cuMemcpyDtoHAsync_v2=719@1",
  "cuEventCreate=2@2",
  "cuEventRecord=719@2",
  "cuEventElapsedTime=719@1",
];

test.each(FAULTS)("a driver with %s ends in a typed failure and loses no memory", (fault) => {
  const [answer, used] = onDevice(
    `let pool;
     try { pool = open(); } catch (error) { return [{ failure: error.message }, 0]; }
     const options = { ...shape, kernel: "eager" };
     const answer = await addon.attention(pool, options, null, null, null);
     // Whether the pool still answers is the driver's affair; what it says must be 0.
     const stats = pool.stats();
     await pool.close();
     return [answer, "absent" in stats ? 0 : stats.usedBytes];`,
    { STAND_IN_FAIL: fault },
  ) as [Partial<PoolFailure & NativeAttentionResult>, number];
  expect(answer.failure, JSON.stringify(answer)).toBeTypeOf("string");
  expect(used).toBe(0);
});

test("a time holds launches alone: kernels were looked up before, once for all pools of a device", () => {
  const failures = onDevice(
    `const failures = [];
     const pools = [open(), open()];
     const decode = { layers: 2, heads: 6, kvHeads: 2, headDim: 128, paged: false, pageTokens: 90, pagesInSlab: 1,
       scale: 0.1, dtype: "bf16", cache: "bf16", reference: false, threads: 1, instructionSet: "", seed: 3, output: true };
     for (const pool of pools) {
       for (const kernel of ["naive", "eager", "flash"])
         for (const dtype of ["fp32", "bf16"])
           failures.push(await addon.attention(pool, { ...shape, kernel, dtype, scoreDtype: "fp32" }, null, null, null));
       const slabs = await pool.allocate([2 * 2 * 2 * 90 * 128 * 2]);
       await addon.fillBlock(pool, slabs[0], "bf16", 1, 1);
       const memory = { lengths: Int32Array.of(90), slabs, scales: [], table: null, queries: null };
       failures.push(await addon.decode(pool, decode, memory), await addon.readBlock(pool, slabs[0], 1, ""));
     }
     return failures.map((each) => each.failure === undefined ? "ok" : each.reason);`,
    { STAND_IN_STRICT: "1" },
  );
  expect(failures).toEqual(Array(16).fill("ok"));
});

test("a device that does not exist, and one without pools, say so", () => {
  const open = (index: number, env = {}): unknown =>
    onDevice(`try { addon.createPool(1e6, 1, ${index}, ""); } catch (error) { return error.message; }`, env);
  expect(open(7)).toBe("there is no CUDA device 7 (the driver lists 1)");
  expect(open(0, { STAND_IN_NO_POOLS: "1" })).toBe("this device or driver has no memory pools");
});

test("an image that an older driver cannot load says what it needs, also one of CUDA 12.8", () => {
  // A fat binary with one entry of PTX 8.7, as nvcc 12.8 writes it.
  const header = [0x50, 0xed, 0x55, 0xba, 1, 0, 16, 0, 64, 0, 0, 0, 0, 0, 0, 0];
  const entry = [
    1, 0, 1, 1, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 8, 0, 80, 0, 0, 0,
  ];
  const reasonOf = (driver: number): unknown =>
    onDevice(
      `const file = process.env.BYTESPER_KERNELS + "." + process.pid;
       require("node:fs").writeFileSync(file, Uint8Array.from(${JSON.stringify([...header, ...entry])}));
       const answer = await addon.attention(addon.createPool(1e9, 1, 0, file), shape, null, null, null);
       require("node:fs").unlinkSync(file);
       return answer.reason;`,
      { STAND_IN_DRIVER: String(driver) },
    );
  expect(reasonOf(12_020)).toBe(
    "cuModuleLoadData failed: device kernel image is invalid: the kernels were built with CUDA 12.8, which needs a driver for CUDA 12.4 (550.54 or later), and this driver is for CUDA 12.2; install a newer driver",
  );
  // That driver can load it, so its age is not the reason.
  expect(reasonOf(12_040)).toBe("cuModuleLoadData failed: device kernel image is invalid");
});

test("without the fat binary the reason names the file", () => {
  const answer = onDevice(
    `return await addon.attention(addon.createPool(1e9, 1, 0, "/nowhere.fatbin"), shape, null, null, null);`,
  );
  expect(answer).toMatchObject({
    failure: "device",
    reason: "the CUDA kernels (/nowhere.fatbin) are not there: they are built where nvcc is",
  });
});

describe("decode", () => {
  test.for([
    ["fp16", "fp16", false],
    ["bf16", "bf16", true],
    ["bf16", "fp8", true],
  ] as const)(
    "%s queries, %s cache, paged: %s: the device and the host agree",
    ([dtype, cache, paged], { skip }) => {
      skip(NO_KERNELS !== undefined, NO_KERNELS);
      const [host, device, read] = onDevice(
        `const options = { layers: 2, heads: 6, kvHeads: 2, headDim: 128, paged: ${paged}, pageTokens: ${paged ? 16 : 90},
         pagesInSlab: ${paged ? 4 : 1}, scale: 0.1, dtype: "${dtype}", cache: "${cache}", reference: false, threads: 2,
         instructionSet: "", seed: 3, output: true };
       const slabBytes = 2 * 2 * 2 * 128 * options.pageTokens * options.pagesInSlab * ${cache === "fp8" ? 1 : 2};
       const numbers = Uint8Array.from({ length: slabBytes }, (_, at) => at % 2 === 1 ? 0x38 + at % 5 : at * 7 % 120);
       const outputs = [];
       for (const pool of [addon.createPool(Infinity, 2), open()]) {
         const slabs = await pool.allocate([slabBytes, slabBytes]);
         for (const slab of slabs) await addon.writeBlock(pool, slab, 0, numbers);
         const scales = await pool.allocate([2 * 2 * 2 * 4, 2 * 2 * 2 * 4]);
         for (const scale of scales)
           await addon.writeBlock(pool, scale, 0, new Uint8Array(Float32Array.of(1, 2, .5, 1, 1, 3, 2, 1).buffer));
         const table = ${paged} ? Int32Array.of(5, 1, 4, 0, 2, -1, 3, 6, -1, -1, -1, -1) : null;
         const memory = { lengths: Int32Array.of(${paged ? "75, 20" : "90, 1"}), slabs, scales, table, queries: null };
         const { output } = await addon.decode(pool, options, memory);
         outputs.push([...new Uint16Array(output)].map((bits) =>
           "${dtype}" === "bf16" ? new Float32Array(Uint32Array.of(bits << 16).buffer)[0]
             : (bits & 0x8000 ? -1 : 1) * (1 + (bits & 1023) / 1024) * 2 ** ((bits >> 10 & 31) - 15)));
         outputs.read = await addon.readBlock(pool, slabs[0], 2, "");
       }
       return [...outputs, outputs.read];`,
      ) as [number[], number[], number];
      expect(device).toHaveLength(2 * 2 * 6 * 128);
      // Each rounds the output to its type: they differ by one step at most.
      for (const [index, value] of device.entries())
        expect(Math.abs(value - (host[index] as number))).toBeLessThanOrEqual(
          Math.abs(value) * 2 ** -7 + 1e-6,
        );
      // The stand-in's events are 1.5 ms apart.
      expect(read).toBe(1.5);
    },
  );
});

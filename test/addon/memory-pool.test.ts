import { afterEach, expect, test } from "vitest";
import { deviceBytes, deviceChange } from "../../src/device/second-route.js";
import { MemoryPool, OutOfDeviceMemory } from "../../src/device/memory-pool.js";
import { BytesperError } from "../../src/base/errors.js";
import { NOT_LINUX, SANITIZED } from "./support/addon.js";
import { inChild } from "./support/child.js";

const MIB = 2 ** 20;
const pools: MemoryPool[] = [];

function newPool(capBytes?: number): MemoryPool {
  const pool = new MemoryPool(capBytes === undefined ? {} : { capBytes });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

const NOTHING = { usedBytes: 0, usedHighWaterBytes: 0, reservedBytes: 0, reservedHighWaterBytes: 0 };

test("a new pool holds nothing", () => {
  expect(newPool().stats()).toEqual(NOTHING);
});

test("used counts what was asked for, reserved whole pages, both also at their highest", async () => {
  const pool = newPool();
  const [first, second] = (await pool.allocate([3 * MIB + 1, 5 * MIB])) as [number, number];
  expect(pool.stats()).toEqual({
    usedBytes: 8 * MIB + 1,
    usedHighWaterBytes: 8 * MIB + 1,
    reservedBytes: 8 * MIB + 4096,
    reservedHighWaterBytes: 8 * MIB + 4096,
  });
  await pool.release([first]);
  expect(pool.stats()).toMatchObject({
    usedBytes: 5 * MIB,
    usedHighWaterBytes: 8 * MIB + 1,
    reservedBytes: 5 * MIB,
  });
  pool.resetHighWater();
  expect(pool.stats()).toMatchObject({ usedHighWaterBytes: 5 * MIB, reservedHighWaterBytes: 5 * MIB });
  await pool.release([second]);
  expect(pool.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
});

test("small blocks share a segment, which goes back with the last of them", async () => {
  const pool = newPool();
  const handles = await pool.allocate(new Array<number>(4).fill(512_000));
  // Four blocks of 512,000 bytes fill a segment of exactly 500 pages.
  expect(pool.stats()).toMatchObject({ usedBytes: 2_048_000, reservedBytes: 2_048_000 });
  await pool.release(handles.slice(0, 3));
  expect(pool.stats()).toMatchObject({ usedBytes: 512_000, reservedBytes: 2_048_000 });
  await pool.release(handles.slice(3));
  expect(pool.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
});

test("freed neighbours join, so that a larger block fits their place", async () => {
  const pool = newPool();
  const handles = await pool.allocate([400_000, 400_000, 400_000, 400_000, 400_000]);
  const before = pool.stats().reservedBytes;
  await pool.release([handles[1] as number, handles[3] as number]);
  await pool.release([handles[2] as number]);
  await pool.allocate([1_200_000 - 4096]);
  expect(pool.stats().reservedBytes).toBe(before);
});

test("with a release threshold memory stays reserved until it is trimmed", async () => {
  const pool = newPool();
  await pool.setReleaseThreshold(Number.POSITIVE_INFINITY);
  await pool.release(await pool.allocate([4 * MIB, 6 * MIB]));
  expect(pool.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 10 * MIB });
  await pool.allocate([5 * MIB]);
  expect(pool.stats()).toMatchObject({ usedBytes: 5 * MIB, reservedBytes: 10 * MIB });
  await pool.trim();
  expect(pool.stats()).toMatchObject({ usedBytes: 5 * MIB, reservedBytes: 6 * MIB });
});

test("over the cap is an error that tells all four numbers, and the pool goes on", async () => {
  const pool = newPool(10 * MIB);
  const held = await pool.allocate([6 * MIB]);
  const error = await pool.allocate([2 * MIB, 3 * MIB]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OutOfDeviceMemory);
  expect(error).toMatchObject({
    code: "OUT_OF_DEVICE_MEMORY",
    requestedBytes: 3 * MIB,
    usedBytes: 8 * MIB,
    reservedBytes: 8 * MIB,
    capBytes: 10 * MIB,
  });
  expect((error as Error).message).toBe(
    "The pool could not give 3.00 MiB: it would go over the cap (8.00 MiB used, 8.00 MiB reserved, a cap of 10.00 MiB).",
  );
  // All or none: the 2 MiB went back.
  expect(pool.stats()).toMatchObject({ usedBytes: 6 * MIB, reservedBytes: 6 * MIB });
  await pool.allocate([4 * MIB]);
  await pool.release(held);
  expect(pool.stats().usedBytes).toBe(4 * MIB);
});

test("the cap counts what is reserved: unused memory makes way first", async () => {
  const pool = newPool(10 * MIB);
  await pool.setReleaseThreshold(Number.POSITIVE_INFINITY);
  await pool.release(await pool.allocate([8 * MIB]));
  await pool.allocate([9 * MIB]);
  expect(pool.stats()).toMatchObject({ reservedBytes: 9 * MIB });
});

test("what a pool reserves is resident: PSS changes by as much", async ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  const pool = newPool();
  await pool.release(await pool.allocate([MIB]));
  const before = deviceBytes("cpu");
  await pool.allocate([200 * MIB, ...new Array<number>(200).fill(300_000)]);
  const { usedBytes, reservedBytes } = pool.stats();
  const change = deviceChange(before, deviceBytes("cpu")) as number;
  expect(Math.abs(change / usedBytes - 1)).toBeLessThan(0.02);
  expect(Math.abs(change / reservedBytes - 1)).toBeLessThan(0.02);
});

test("a random series of requests never counts a byte wrong", async () => {
  const pool = newPool(64 * MIB);
  const held = new Map<number, number>();
  let state = 12_345;
  const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 400; ++round) {
    const size = 1 + next(next(2) === 0 ? 3 * MIB : 5000);
    if (held.size > 0 && next(2) === 0) {
      const handle = [...held.keys()][next(held.size)] as number;
      await pool.release([handle]);
      held.delete(handle);
    } else {
      const handles = await pool.allocate([size]).catch(() => []);
      if (handles[0] !== undefined) held.set(handles[0], size);
    }
    const used = [...held.values()].reduce((sum, bytes) => sum + bytes, 0);
    const stats = pool.stats();
    expect(stats.usedBytes).toBe(used);
    expect(stats.reservedBytes).toBeGreaterThanOrEqual(used);
    expect(stats.reservedBytes).toBeLessThanOrEqual(64 * MIB);
  }
  await pool.release([...held.keys()]);
  expect(pool.stats()).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
});

const WRONG_SIZES = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "8", null, undefined, {}];

test.each(WRONG_SIZES)("a block of %s bytes is refused", async (size) => {
  const pool = newPool();
  await expect(pool.allocate([size as number])).rejects.toMatchObject({ code: "USAGE" });
  // The addon itself counts to 2^53.
  if (size !== 2 ** 53) expect(() => pool.native.allocate([size as number])).toThrow(TypeError);
  expect(pool.stats()).toEqual(NOTHING);
});

test("a block larger than any machine's memory is refused", async () => {
  await expect(newPool().allocate([Number.MAX_SAFE_INTEGER])).rejects.toMatchObject({
    code: "OUT_OF_DEVICE_MEMORY",
  });
});

test("without a cap a pool still stops at what the system has free", async () => {
  // More than is free and less than there may be on paper: the kernel would promise it.
  const wanted = Math.floor(process.availableMemory() * 1.1);
  await expect(newPool().allocate([wanted])).rejects.toMatchObject({
    code: "OUT_OF_DEVICE_MEMORY",
    message: expect.stringContaining("the system has no memory left") as string,
  });
});

test("a handle that is not there is an error, and given back twice as well", async () => {
  const pool = newPool();
  const handles = await pool.allocate([100]);
  await expect(pool.release([...handles, 99])).rejects.toBeInstanceOf(BytesperError);
  expect(pool.stats().usedBytes).toBe(0);
  await expect(pool.release(handles)).rejects.toMatchObject({ code: "USAGE" });
});

test("a closed pool gives everything back and throws afterwards", async () => {
  const pool = new MemoryPool();
  await pool.allocate([MIB]);
  await pool.close();
  expect(() => pool.stats()).toThrow("this pool was closed");
  expect(() => pool.native.allocate([1])).toThrow("this pool was closed");
  await pool.close();
});

test("methods that are called on something else throw", () => {
  const pool = newPool();
  for (const other of [{}, null, 5, Object.create(Object.getPrototypeOf(pool.native) as object)]) {
    const stats: unknown = Reflect.get(pool.native, "stats");
    expect(() => Reflect.apply(stats as () => unknown, other, [])).toThrow();
  }
});

test("pools that nobody closes go with their last reference", () => {
  const change = inChild(
    `const rss = () => addon.smapsRollup().pssBytes;
     const open = async () => { const pool = addon.createPool(Infinity, 1); await pool.allocate([32 * 2 ** 20]); };
     await open(); gc(); await new Promise(setImmediate); gc();
     const before = rss();
     for (let i = 0; i < 20; ++i) { await open(); gc(); await new Promise(setImmediate); }
     gc(); await new Promise(setImmediate); gc();
     return rss() - before;`,
    { flags: ["--expose-gc"] },
  ) as number;
  expect(change).toBeLessThan((SANITIZED ? 200 : 40) * MIB);
});

test("a worker that is terminated while its pool is at work does not take the process along", () => {
  const ended = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = \`const addon = require(require("node:worker_threads").workerData);
       const pool = addon.createPool(Infinity, 2);
       const again = () => pool.allocate([8 * 2 ** 20]).then((handles) => pool.release(handles)).then(again);
       again();
       require("node:worker_threads").parentPort.postMessage("running");\`;
     let ended = 0;
     for (let round = 0; round < 20; ++round) {
       const worker = new Worker(work, { eval: true, workerData: process.argv[1] });
       await new Promise((resolve) => worker.once("message", resolve));
       await new Promise((resolve) => setTimeout(resolve, round % 5));
       await worker.terminate();
       ended += 1;
     }
     return ended;`,
  );
  expect(ended).toBe(20);
});

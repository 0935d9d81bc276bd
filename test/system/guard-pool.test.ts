import { expect, test } from "vitest";
import { MemoryPool } from "../../src/device/index.js";
import { MemoryGuard } from "../../src/guard/index.js";

const MIB = 2 ** 20;

test("a pool's reserved bytes block growth and let it go on", async () => {
  const pool = new MemoryPool({ capBytes: 64 * MIB });
  const guard = new MemoryGuard({
    pool,
    sampleMs: 0,
    rules: [{ when: "deviceReservedBytes > 0.5 * poolCapBytes", release: "16 MiB", action: "block" }],
  });
  expect(guard.step().mayGrow).toBe(true);
  const small = await pool.allocate([20 * MIB]);
  expect(guard.step().mayGrow).toBe(true);
  const large = await pool.allocate([30 * MIB]);
  expect(guard.step().mayGrow).toBe(false);
  await pool.release(large);
  // 20 MiB are below the threshold and above the release.
  expect(guard.step().mayGrow).toBe(false);
  await pool.release(small);
  expect(guard.step().mayGrow).toBe(true);
  await pool.close();
});

test("a cleanup that trims the pool is measured in bytes", async () => {
  const pool = new MemoryPool({ capBytes: 64 * MIB });
  await pool.setReleaseThreshold(64 * MIB);
  const freed: unknown[] = [];
  const guard = new MemoryGuard({
    pool,
    sampleMs: 0,
    onEvent: (event) => {
      if (event.event === "cleanup-done") freed.push(event.effect.freedBytes);
    },
    rules: [{ when: "deviceReservedBytes > 16 MiB", action: { cleanup: () => pool.trim() } }],
  });
  await pool.release(await pool.allocate([24 * MIB]));
  const { reservedBytes } = pool.stats();
  expect(reservedBytes).toBeGreaterThanOrEqual(24 * MIB);
  guard.step();
  while (freed.length === 0) await new Promise(setImmediate);
  expect(freed).toEqual([{ deviceReservedBytes: reservedBytes }]);
  await pool.close();
});

test("a threshold above the pool's cap is refused, and a pool that was closed is absent", async () => {
  const pool = new MemoryPool({ capBytes: 24 * MIB });
  expect(() => new MemoryGuard({ pool, rules: ["deviceReservedBytes > 30 MiB"] })).toThrow(
    /its threshold is 31,457,280 B \(30.00 MiB\), and deviceReservedBytes is 25,165,824 B \(24.00 MiB\) at most/,
  );
  const guard = new MemoryGuard({
    pool,
    sampleMs: 0,
    onEvent: () => undefined,
    rules: [{ when: "deviceReservedBytes > 16 MiB", action: "block" }],
  });
  await pool.close();
  expect(guard.step().mayGrow).toBe(true);
  expect(guard.doubts.map(({ name }) => name)).toEqual(["reading-absent"]);
});

test("the readings of this process are there, and a loop that never yields is sampled", () => {
  const guard = new MemoryGuard({
    sampleMs: 5,
    mostSamplingShare: 1,
    onEvent: () => undefined,
    rules: [
      "rssBytes > 1 MiB",
      "heapUsedBytes > 64 kB",
      "hostAvailableBytes < 1 MiB",
      "heapUsedBytes > 0.999 * heapLimitBytes",
    ],
  });
  const end = performance.now() + 100;
  while (performance.now() < end) guard.step();
  expect(guard.sampling.samples).toBeGreaterThan(1);
  expect(guard.rules.map(({ fired }) => fired)).toEqual([true, true, false, false]);
});

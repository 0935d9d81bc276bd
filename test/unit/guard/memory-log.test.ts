import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { MemoryGuard, MemoryLog } from "../../../src/guard/index.js";
import type { ObservedPool } from "../../../src/guard/index.js";
import { isAbsent } from "../../../src/system/probe/reading.js";

const ON = { debugCategories: ["memory"] };

function poolOf(usedBytes: number, reservedBytes: number): ObservedPool {
  const stats = {
    usedBytes,
    reservedBytes,
    usedHighWaterBytes: usedBytes,
    reservedHighWaterBytes: reservedBytes,
  };
  return { device: "cpu", capBytes: undefined, stats: vi.fn(() => stats) };
}

/** A stream that keeps its lines. */
function lines(): { write(line: string): void; objects(): Record<string, unknown>[] } {
  const kept: string[] = [];
  return {
    write: (line) => void kept.push(line),
    objects: () => kept.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

test("while the category is off nothing is read, kept or written", () => {
  const destination = lines();
  const pool = poolOf(1, 2);
  const log = new MemoryLog({ destination, pool });
  log.state("load");
  log.performance("load", 5);
  expect([destination.objects(), log.recent(), log.statistics()]).toEqual([[], [], []]);
  expect(vi.mocked(pool).stats.mock.calls).toEqual([]);
});

test.each([
  ["memory", true],
  ["http, memory", true],
  ["*", true],
  ["memories", false],
  ["", false],
])("BYTESPER_DEBUG=%s", (value, on) => {
  vi.stubEnv("BYTESPER_DEBUG", value);
  expect(new MemoryLog({ destination: null }).enabled).toBe(on);
  vi.unstubAllEnvs();
});

test("a state has allocated and reserved bytes of host and device", () => {
  const destination = lines();
  const log = new MemoryLog({ ...ON, destination, pool: poolOf(300, 512) });
  log.state("batch");
  const [line] = destination.objects();
  expect(line).toMatchObject({
    category: "memory",
    operation: "batch",
    msg: "state",
    deviceAllocatedBytes: 300,
    deviceReservedBytes: 512,
  });
  const { hostAllocatedBytes, hostReservedBytes, rssBytes } = line as Record<string, number>;
  if (!isAbsent(hostAllocatedBytes))
    expect(hostReservedBytes).toBeGreaterThanOrEqual(hostAllocatedBytes ?? NaN);
  expect(rssBytes).toBeGreaterThan(2 ** 20);
});

test("without a pool the device's bytes are absent with the reason", () => {
  const log = new MemoryLog({ ...ON, destination: null });
  log.state("batch");
  expect(log.recent()[0]?.deviceReservedBytes).toEqual({ absent: "no memory pool was given to the log" });
});

test("times add up by operation, and a time that is none does not spoil them", () => {
  const destination = lines();
  const log = new MemoryLog({ ...ON, destination });
  log.performance("step", 2, { flows: 7 });
  log.performance("step", 5);
  log.performance("step", Number.NaN);
  log.performance("step", -1);
  expect(log.statistics()).toMatchObject([
    { operation: "step", timed: 2, totalMs: 7, longestMs: 5, states: 0 },
  ]);
  expect(destination.objects()[0]).toMatchObject({ operation: "step", durationMs: 2, extra: { flows: 7 } });
  expect(destination.objects()).toHaveLength(4);
});

test("the latest states are kept, oldest first", () => {
  const log = new MemoryLog({ ...ON, destination: null, kept: 3 });
  for (const operation of ["a", "b", "c", "d", "e"]) log.state(operation);
  expect(log.recent().map(({ operation }) => operation)).toEqual(["c", "d", "e"]);
});

test("a million calls of as many names leave bounded state", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const log = new MemoryLog({ ...ON, destination: null, kept: 16, operations: 8 });
  const call = (from: number, to: number): void => {
    for (let index = from; index < to; index++) log.performance(`operation ${index}`, 1, { index });
  };
  call(0, 10_000);
  for (let index = 0; index < 1000; index++) log.state(`state ${index}`);
  collect();
  const before = process.memoryUsage().heapUsed;
  call(10_000, 1_000_000);
  collect();
  // Each kept name alone would take more than 16 bytes: 16 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2e6);
  expect(log.recent()).toHaveLength(16);
  const statistics = log.statistics();
  expect(statistics).toHaveLength(9);
  expect(statistics.find(({ operation }) => operation === "others")).toMatchObject({
    timed: 1_000_000 - 8,
    states: 1000,
  });
});

test("metrics: units in their names, limited labels, and no line for what is absent", async () => {
  const log = new MemoryLog({ ...ON, destination: null, operations: 2 });
  for (let index = 0; index < 50; index++) log.performance(`operation ${index}`, 500);
  log.state("operation 0");
  const guard = new MemoryGuard({ rules: [], log });
  const text = await guard.metrics();
  expect(text).toContain('bytesper_operation_seconds_total{operation="operation 0"} 0.5\n');
  expect(text).toContain('bytesper_operation_seconds_total{operation="others"} 24\n');
  expect(text.match(/^bytesper_operations_total\{/gm)).toHaveLength(3);
  expect(text).toMatch(/^bytesper_rss_bytes \d{7,}$/m);
  expect(text).not.toContain("bytesper_device_reserved_bytes");
});

test("a guard's rules are in its metrics", async () => {
  const guard = new MemoryGuard({
    onEvent: () => undefined,
    numbers: { flows: null, never: null },
    rules: [
      { name: "full", when: "flows > 10", action: "block" },
      { name: "idle", when: "never > 10" },
    ],
  });
  for (const flows of [11, 1, 12]) {
    guard.set("flows", flows);
    guard.step();
  }
  const text = await guard.metrics();
  expect(text).toContain('bytesper_guard_rule_fired{rule="full",action="block"} 1\n');
  expect(text).toContain('bytesper_guard_rule_firings_total{rule="full"} 2\n');
  expect(text).toContain('bytesper_guard_reading{reading="flows"} 12\n');
  expect(text).not.toContain('reading="never"');
});

test.each(["kept", "operations"])("%s must be a whole number from 1", (name) => {
  expect(() => new MemoryLog({ [name]: 0 })).toThrow(
    `"${name}" of a memory log must be a whole number from 1, not 0`,
  );
});

import { expect, test } from "vitest";
import { NO_MALLOC_COUNTERS, NOT_LINUX, SANITIZED } from "./support/addon.js";
import { inChild } from "./support/child.js";
import { compileStandIn, NO_COMPILER } from "./support/stand-in.js";

interface Growth {
  mallocBytes: number;
  globalHandleBytes: number;
  openFiles: number;
}

const ROUNDS = 5;

/**
 * What `calls` repetitions of `call`, in five rounds, leave behind in the round that leaves least: a leak grows in
 * each, and the tables that V8 doubles now and then do not.
 */
function growth(call: string, calls: number, env: Record<string, string> = {}): Growth {
  return inChild(
    `const { readdirSync } = require("node:fs");
     const v8 = require("node:v8");
     const call = () => { ${call} };
     const read = () => {
       gc(); gc();
       return {
         mallocBytes: addon.mallocInfo().inUseBytes,
         globalHandleBytes: v8.getHeapStatistics().used_global_handles_size,
         openFiles: readdirSync("/proc/self/fd").length,
       };
     };
     const least = { mallocBytes: Infinity, globalHandleBytes: Infinity, openFiles: Infinity };
     for (let round = 0; round < ${String(ROUNDS)}; ++round) {
       const before = read();
       for (let i = 0; i < ${String(calls / ROUNDS)}; ++i) call();
       const after = read();
       for (const key in least) least[key] = Math.min(least[key], after[key] - before[key]);
     }
     return least;`,
    { flags: ["--expose-gc", "--single-threaded"], env },
  ) as Growth;
}

const LOADS = [
  ["mallocInfo", "addon.mallocInfo();", 100_000],
  ["mallocSelfTest", "addon.mallocSelfTest(1000);", 100_000],
  ["mallocSelfTest with an error", "try { addon.mallocSelfTest(NaN); } catch {}", 100_000],
  ["processStatus", "addon.processStatus();", 100_000],
  ["pageFaults", "addon.pageFaults();", 100_000],
  ["resetVmHwm", "addon.resetVmHwm();", 100_000],
  ["smapsRollup", "addon.smapsRollup();", 5_000],
  ["nvmlDevices without a driver", "addon.nvmlDevices();", 20_000],
  ["cudaDevices without a driver", "addon.cudaDevices();", 20_000],
] as const;

test.each(LOADS)("%s leaves nothing behind", (_name, call, calls) => {
  expectNoGrowth(growth(call, SANITIZED ? 1000 : calls), SANITIZED ? 1000 : calls);
});

test("asking a driver again and again leaves nothing behind", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  const nvml = compileStandIn("nvml.c", "libnvidia-ml.so.1", { DEVICE_COUNT: 2, PROCESS_COUNT: 40 });
  const cuda = compileStandIn("cuda.c", "libcuda.so.1", { DEVICE_COUNT: 2 });
  const calls = SANITIZED ? 200 : 5_000;
  const env = { LD_LIBRARY_PATH: `${nvml}:${cuda}` };
  expectNoGrowth(growth("addon.nvmlDevices(); addon.cudaDevices();", calls, env), calls);
});

function expectNoGrowth(left: Growth, calls: number): void {
  // The smallest chunk of malloc takes 32 bytes: less than one byte per call is no leak.
  if (NO_MALLOC_COUNTERS === undefined) expect(left.mallocBytes, "malloc").toBeLessThan(calls / ROUNDS);
  expect(left.globalHandleBytes, "global handles").toBeLessThanOrEqual(1024);
  if (NOT_LINUX === undefined) expect(left.openFiles, "open files").toBe(0);
}

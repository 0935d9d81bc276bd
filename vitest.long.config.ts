import { defineConfig } from "vitest/config";
import { plantedFault } from "./test/fuzz/planted.mjs";

/** Both start a cluster of their own on the same ports. */
const CLUSTERS = ["test/system/slurm/*.long.test.ts", "test/system/executors/*.long.test.ts"];

const shared = {
  pool: "forks" as const,
  testTimeout: 600_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 30_000 } },
};

// Tests that take minutes: faults at many moments, gigabytes of input, real schedulers. What they measure is heap and
// malloc in fresh processes, or one process's own peak, which another test on the second core does not change.
export default defineConfig({
  test: {
    ...shared,
    reporters: ["default", "./test/closing-line.ts"],
    projects: [
      {
        plugins: [plantedFault(process.env.BYTESPER_PLANTED)],
        test: {
          ...shared,
          name: "side by side",
          include: ["test/{system,fuzz}/**/*.long.test.ts"],
          exclude: ["**/node_modules/**", ...CLUSTERS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "clusters",
          include: CLUSTERS,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

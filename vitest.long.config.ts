import { defineConfig } from "vitest/config";

// Tests that take minutes: faults at many moments, real schedulers. One at a time.
export default defineConfig({
  test: {
    include: ["test/system/**/*.long.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: ["default", "./test/closing-line.ts"],
  },
});

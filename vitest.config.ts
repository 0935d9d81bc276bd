import { defineConfig } from "vitest/config";

// What measures memory must not share a process or a core with another measurement:
// forked workers, one at a time.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Run by vitest.long.config.ts.
    exclude: ["**/node_modules/**", "**/*.long.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 60_000,
    // Some compile a stand-in driver, which a busy machine takes its time for.
    hookTimeout: 120_000,
    // What is waited for comes when the machine gets to it; the default is one second.
    expect: { poll: { timeout: 30_000 } },
    reporters: ["default", "./test/closing-line.ts"],
  },
});

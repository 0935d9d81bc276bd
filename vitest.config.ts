import { defineConfig } from "vitest/config";

/** Neither measures memory nor waits for a moment: text in, text out. */
const SIDE_BY_SIDE = [
  "test/unit/**/*.test.ts",
  "test/system/{estimate,explain-oom,figures,page,paper,paper-sample,simulate-context,writes}.test.ts",
];
/** Read the heap of their own process. */
const MEASURING_UNITS = ["test/unit/corpus/strings.test.ts", "test/unit/context/simulation/memory.test.ts"];
/** The long ones are run by vitest.long.config.ts. */
const NEVER = ["**/node_modules/**", "**/*.long.test.ts"];

/** Each file in a fresh process. */
const shared = {
  pool: "forks" as const,
  testTimeout: 60_000,
  // Some compile a stand-in driver, which a busy machine takes its time for.
  hookTimeout: 120_000,
  // What is waited for comes when the machine gets to it; the default is one second.
  expect: { poll: { timeout: 30_000 } },
};

// Two groups, one after the other: what measures memory must not share a core with another test.
export default defineConfig({
  test: {
    ...shared,
    reporters: ["default", "./test/closing-line.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "side by side",
          include: SIDE_BY_SIDE,
          exclude: [...NEVER, ...MEASURING_UNITS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "alone",
          include: ["test/{addon,gpu,system}/**/*.test.ts", ...MEASURING_UNITS],
          exclude: [...NEVER, ...SIDE_BY_SIDE.slice(1)],
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

import { defineConfig } from "vitest/config";

/**
 * Two files at a time. Those of commands measure nothing, or only heap and malloc in fresh processes, which another
 * test on the second core does not change; what looks at resident memory, disks or the machine's limits stays alone.
 */
const SIDE_BY_SIDE = [
  "test/unit/**/*.test.ts",
  "test/system/{estimate,explain-oom,figures,page,paper,paper-sample,simulate-context,writes}.test.ts",
  "test/system/{check,compare,doors,known-sizes,measure-errors,repetitions,run,setup,setup-lock,setup-signals}.test.ts",
  "test/system/{attach,growth,import,snapshot,snapshot-kinds,staged-rollout,without-addon}.test.ts",
  "test/system/executors/*.test.ts",
  "test/system/faults/{cells,changes,folders,hostile,in-use,kills,output,recovery,streams}.test.ts",
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

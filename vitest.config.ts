import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * What another test on the second core would change: resident memory that processes share (PSS), peaks of the kernel,
 * disks and control groups of the machine, and two units that read the heap of their own process.
 * All others measure nothing, or heap and malloc in fresh processes.
 */
const ALONE = [
  "test/gpu/**/*.test.ts",
  "test/addon/{leaks,malloc-info,memory-pool,page-faults,proc-fields,process-status,smaps-rollup}.test.ts",
  "test/system/{chat-server,connections,ledger,limits,limits-vm}.test.ts",
  "test/system/faults/disk.test.ts",
  "test/unit/corpus/strings.test.ts",
  "test/unit/context/simulation/memory.test.ts",
];
const UNITS = fileURLToPath(new URL("test/unit", import.meta.url));
/** Units that replace a module, which has to be loaded after that. */
const MOCKING = (existsSync(UNITS) ? (readdirSync(UNITS, { recursive: true }) as string[]) : [])
  .filter((name) => name.endsWith(".test.ts") && readFileSync(join(UNITS, name), "utf8").includes("vi.mock("))
  .map((name) => `test/unit/${name}`);
/** The long ones are run by vitest.long.config.ts. */
const NEVER = ["**/node_modules/**", "**/*.long.test.ts"];

const shared = {
  pool: "forks" as const,
  // Only a hang takes so long: two others may run at the same time.
  testTimeout: 120_000,
  // Some compile a stand-in driver, which a busy machine takes its time for.
  hookTimeout: 120_000,
  // What is waited for comes when the machine gets to it; the default is one second.
  expect: { poll: { timeout: 30_000 } },
};

// Three groups, one after the other.
export default defineConfig({
  test: {
    ...shared,
    reporters: ["default", "./test/closing-line.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "units",
          include: ["test/unit/**/*.test.ts"],
          exclude: [...NEVER, ...ALONE, ...MOCKING],
          // The modules under test are loaded once, not once for each file.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: "side by side",
          include: ["test/{addon,system}/**/*.test.ts", ...MOCKING],
          exclude: [...NEVER, ...ALONE],
          // One more than cores: some wait for a process to be killed. Under the sanitizers one test fills the machine.
          maxWorkers: process.env.ASAN_OPTIONS === undefined ? 3 : 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: "alone",
          include: ALONE,
          exclude: NEVER,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

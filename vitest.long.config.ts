import { defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.js";

// Tests that take minutes: faults at many moments, real schedulers.
export default mergeConfig(
  { ...config, test: { ...config.test, include: [], exclude: [] } },
  defineConfig({ test: { include: ["test/system/**/*.long.test.ts"], testTimeout: 600_000 } }),
);

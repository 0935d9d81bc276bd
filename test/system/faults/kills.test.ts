import { test } from "vitest";
import { killAtRandomMoments } from "./kills.js";

// kills.long.test.ts has many more.
test(
  "a grid whose runner is killed at ten random moments comes to the same tables",
  { timeout: 120_000 },
  async () => {
    await killAtRandomMoments(10, 1);
  },
);

import { test } from "vitest";
import { killAtRandomMoments } from "./kills.js";

test(
  "grids whose runners are killed at 200 random moments come to the same tables",
  { timeout: 1_800_000 },
  async () => {
    await killAtRandomMoments(200, 2);
  },
);

import { expect, test } from "vitest";
import type { Kind } from "./output.js";
import { expectBounded } from "./output.js";

const GIB = 2 ** 30;
const LINUX = process.platform === "linux";

test.skipIf(!LINUX).each<Kind>(["no newline", "lines of text", "long lines of JSON"])(
  "the runner's memory does not grow with a gigabyte that a cell prints: %s",
  async (kind) => {
    expect(kind).not.toBe("");
    await expectBounded(kind, GIB);
  },
);

test.skipIf(!LINUX)("the runner's memory does not grow with millions of short records", async () => {
  await expectBounded("short lines of JSON", GIB / 32);
});

import { expect, test } from "vitest";
import type { Kind } from "./output.js";
import { expectBounded } from "./output.js";

const MIB = 2 ** 20;
const LINUX = process.platform === "linux";

// output.long.test.ts has a gigabyte of each.
test.skipIf(!LINUX).each<[Kind, number]>([
  ["no newline", 256],
  ["lines of text", 128],
  ["long lines of JSON", 128],
  ["short lines of JSON", 4],
])("the runner's memory does not grow with what a cell prints: %s, %d MiB", async (kind, mib) => {
  expect(mib).toBeGreaterThan(0);
  await expectBounded(kind, mib * MIB);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isAbsent } from "../../src/system/probe/reading.js";
import { addon, NOT_LINUX, present } from "./support/addon.js";
import { inChild } from "./support/child.js";

const MIB = 2 ** 20;

/** The sum of a field over every mapping: the kernel's longer route to the same number. */
function sumOverSmaps(field: string): number {
  const lines = readFileSync("/proc/self/smaps", "utf8").matchAll(
    new RegExp(`^${field}:\\s+(\\d+) kB$`, "gm"),
  );
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

test("PSS agrees with the sum over all mappings", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  sumOverSmaps("Pss");
  const ours = present(present(addon.smapsRollup()).pssBytes);
  // Each mapping is rounded down to kB, and reading smaps itself moves a few pages.
  expect(Math.abs(ours - sumOverSmaps("Pss"))).toBeLessThan(4 * MIB);
});

test("the unique set is no larger than PSS, and PSS no larger than RSS", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  const rollup = present(addon.smapsRollup());
  expect(present(rollup.ussBytes)).toBeLessThanOrEqual(present(rollup.pssBytes));
  expect(present(rollup.pssBytes)).toBeLessThanOrEqual(present(rollup.rssBytes));
});

test("the parts of PSS sum to PSS", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  const rollup = present(addon.smapsRollup());
  skip(isAbsent(rollup.pssAnonBytes), "needs a kernel with the parts of PSS (5.9 or later)");
  const parts = [rollup.pssAnonBytes, rollup.pssFileBytes, rollup.pssShmemBytes].map(present);
  // Three roundings to kB against one.
  expect(Math.abs(parts.reduce((sum, part) => sum + part) - present(rollup.pssBytes))).toBeLessThan(4096);
});

test("64 MiB of touched anonymous memory raise anonymous PSS by 64 MiB", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  skip(
    isAbsent(present(addon.smapsRollup()).pssAnonBytes),
    "needs a kernel with the parts of PSS (5.9 or later)",
  );
  const change = inChild(
    `const before = addon.smapsRollup().pssAnonBytes;
     globalThis.held = Buffer.alloc(64 * 2 ** 20, 1);
     return addon.smapsRollup().pssAnonBytes - before;`,
  ) as number;
  expect(Math.abs(change - 64 * MIB)).toBeLessThan(2 * MIB);
});

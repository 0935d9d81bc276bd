import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ADDON_FILE, NOT_LINUX, SANITIZED } from "./support/addon.js";

/** The newest version of a library that the addon asks for by name. */
function newest(library: string): number {
  const text = readFileSync(ADDON_FILE, "latin1");
  const versions = [...text.matchAll(new RegExp(`${library}_(\\d+)\\.(\\d+)(?:\\.(\\d+))?\\0`, "g"))];
  return Math.max(0, ...versions.map(([, , minor, patch]) => Number(patch ?? minor)));
}

test("the addon loads wherever Node 20 does: glibc 2.28, and the C++ library of GCC 8", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  skip(SANITIZED, "needs the addon as it is published, without sanitizers");
  expect(newest("GLIBC")).toBeLessThanOrEqual(28);
  expect(newest("GLIBCXX")).toBeLessThanOrEqual(25);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allPids, hasLostMemory, processEntry, pssOf } from "../../../src/system/proc.js";

/** A process without memory that is no zombie: what one that ends looks like for a moment, and the kernel's own always. */
function withoutMemory(): number | undefined {
  return allPids().find((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/statm`, "utf8").startsWith("0 ") && processEntry(pid)?.zombie === false
      );
    } catch {
      return false;
    }
  });
}

test("a process without memory is told from one that the kernel hides", (context) => {
  const pid = withoutMemory();
  if (pid === undefined) return context.skip("needs a kernel thread that is seen from here");
  expect(pssOf(pid)).toBeUndefined();
  expect(hasLostMemory(pid)).toBe(true);
});

test("a process that runs has its memory, and one that is gone has none", () => {
  expect(hasLostMemory(process.pid)).toBe(false);
  expect(hasLostMemory(2 ** 22 + 1)).toBe(true);
});

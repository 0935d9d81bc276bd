import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { addon, NOT_LINUX, present, SANITIZED } from "./support/addon.js";
import { inChild } from "./support/child.js";

const MIB = 2 ** 20;

function statusField(name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1]) * 1024;
}

test("VmRSS agrees with process.memoryUsage.rss()", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  const ours = present(present(addon.processStatus()).vmRssBytes);
  // Node reads /proc/self/stat; the kernel batches its counters per thread, and pages come in between.
  expect(Math.abs(ours - process.memoryUsage.rss())).toBeLessThan(4 * MIB);
});

test("VmHWM is the kernel's own number", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  const before = statusField("VmHWM");
  const ours = present(present(addon.processStatus()).vmHwmBytes);
  expect(ours).toBeGreaterThanOrEqual(before);
  expect(ours).toBeLessThanOrEqual(statusField("VmHWM"));
});

test("VmHWM keeps a spike of 256 MiB until it is reset", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  skip(SANITIZED, "needs memory to return to the kernel at once, and the sanitizer keeps freed blocks");
  // In a child: this process may have had a higher peak before.
  const { start, peak, reset, after } = inChild(
    `const hwm = () => addon.processStatus().vmHwmBytes;
     const start = hwm();
     let spike = new ArrayBuffer(256 * 2 ** 20);
     new Uint8Array(spike).fill(1);
     structuredClone(spike, { transfer: [spike] });
     spike = undefined;
     gc();
     gc();
     const peak = hwm();
     const reset = addon.resetVmHwm();
     return { start, peak, reset, after: hwm() };`,
    { flags: ["--expose-gc"] },
  ) as Record<"start" | "peak" | "after", number> & { reset: true };
  expect(reset).toBe(true);
  expect(peak - start).toBeGreaterThanOrEqual(250 * MIB);
  expect(peak - after).toBeGreaterThanOrEqual(250 * MIB);
});

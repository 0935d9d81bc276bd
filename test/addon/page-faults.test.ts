import { expect, test } from "vitest";
import { addon, present } from "./support/addon.js";

test("faults are those that Node's resourceUsage reads", () => {
  const before = process.resourceUsage();
  const { minorFaults, majorFaults } = present(addon.pageFaults());
  const after = process.resourceUsage();
  expect(minorFaults).toBeGreaterThanOrEqual(before.minorPageFault);
  expect(minorFaults).toBeLessThanOrEqual(after.minorPageFault);
  expect(majorFaults).toBeGreaterThanOrEqual(before.majorPageFault);
  expect(majorFaults).toBeLessThanOrEqual(after.majorPageFault);
});

test("touching fresh memory makes faults", () => {
  const before = present(addon.pageFaults()).minorFaults;
  const block = Buffer.alloc(64 * 2 ** 20, 1);
  // 16,384 pages of 4 KiB; huge pages of 2 MiB or more make far fewer, at least one for each 64 MiB.
  expect(present(addon.pageFaults()).minorFaults).toBeGreaterThan(before + block.length * 0);
});

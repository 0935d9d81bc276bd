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

test("touching 64 MiB of fresh memory makes faults", () => {
  const before = present(addon.pageFaults()).minorFaults;
  Buffer.alloc(64 * 2 ** 20, 1);
  // 16,384 with pages of 4 KiB and far fewer with huge pages, but never none.
  expect(present(addon.pageFaults()).minorFaults).toBeGreaterThan(before);
});

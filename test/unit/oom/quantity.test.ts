import { expect, test } from "vitest";
import { quantity } from "../../../src/oom/quantity.js";
import { GIB, KIB, MIB } from "./support.js";

test.each([
  ["3.00GiB", 3 * GIB],
  ["512.00 MiB", 512 * MIB],
  ["1024.00 KiB", MIB],
  ["0 bytes", 0],
  ["7 bytes", 7],
  ["1,073,741,824 bytes", GIB],
  // Powers of 1024 whatever they are called.
  ["2.50 GB", 2.5 * GIB],
  ["159.69M", 167_447_101],
  ["8kB", 8 * KIB],
  ["6.000000GB", 6 * GIB],
  ["0.000000B", 0],
  // NumPy prints three digits and keeps the point.
  ["112. GiB", 112 * GIB],
])("%s is %d bytes", (text, bytes) => {
  expect(quantity(text)?.bytes).toBe(bytes);
});

test.each(["", "GiB", "2.10", "11.", "1.2.3 GiB", "5 GHz", "-1 MiB"])("%j is no figure", (text) => {
  expect(quantity(text)).toBeUndefined();
});

test("a whole number without a unit is bytes", () => {
  expect(quantity("151851674624")).toEqual({
    bytes: 151_851_674_624,
    range: [151_851_674_624, 151_851_674_624],
  });
});

test("a figure with two places stands for all bytes within half a hundredth of its unit", () => {
  // 2.095 x 2^30 = 2,249,489,121.3 and 2.105 x 2^30 = 2,260,226,539.5
  expect(quantity("2.10GiB")?.range).toEqual([2_249_489_122, 2_260_226_539]);
});

test("a figure without places stands for half a unit to each side", () => {
  expect(quantity("4KiB")?.range).toEqual([3.5 * KIB, 4.5 * KIB]);
});

test("a count of bytes is exact", () => {
  expect(quantity("4770354232bytes")?.range).toEqual([4_770_354_232, 4_770_354_232]);
});

test("no figure is below zero bytes", () => {
  expect(quantity("0.00MiB")?.range).toEqual([0, 5242]);
});

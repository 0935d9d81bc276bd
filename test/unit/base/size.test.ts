import { expect, test } from "vitest";
import { binaryUnitOf, isByteUnit, parseSize, sizeOf } from "../../../src/base/size.js";

test.each([
  ["4096", 4096],
  ["14.74GiB", 15_826_954_486],
  [" 512 MiB ", 536_870_912],
  ["1 kB", 1000],
  ["1.5 TB", 1.5e12],
  ["1 TiB", 1_099_511_627_776],
])("%s is %d bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "0", "0 B", "-1 kB", "1 KB", "1 iB", "8 kilos", "1e3 B", "9000000 TiB"])(
  "%j is no size to set",
  (text) => {
    expect(() => parseSize(text)).toThrow(/ is not a size; give a number above 0 with B, kB, /);
  },
);

test("a size of nothing is told from what is no size", () => {
  expect(sizeOf("0 B")).toBe(0);
  expect(sizeOf("0 KB")).toBeNaN();
});

test("the binary unit is the largest that there is one of", () => {
  expect([0, 1023, 1024, 2 ** 20, -(2 ** 30), 2 ** 50].map(binaryUnitOf)).toEqual([
    "B",
    "B",
    "KiB",
    "MiB",
    "GiB",
    "GiB",
  ]);
});

test("what every object has is no unit", () => {
  expect(isByteUnit("toString")).toBe(false);
  expect(isByteUnit("TiB")).toBe(true);
});

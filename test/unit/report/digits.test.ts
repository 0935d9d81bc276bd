import { expect, test } from "vitest";
import type { ByteUnit } from "../../../src/base/size.js";
import { bytesIn } from "../../../src/base/format.js";

test.each<[value: number, unit: ByteUnit, doubt: number, text: string]>([
  // 98,765,432 B are 96,450.6 KiB; a doubt of 5,000,000 B is 4,882.8 KiB, so thousands are the last digit.
  [98_765_432, "KiB", 5e6, "96,000"],
  [98_765_432, "kB", 5e6, "99,000"],
  [98_765_432, "MB", 5e6, "99"],
  [98_765_432, "B", 5e6, "99,000,000"],
  // 1,714 KiB with 10 KiB either side: tens.
  [1_755_136, "KiB", 10_240, "1,710"],
  [-1_755_136, "KiB", 10_240, "-1,710"],
  // A doubt larger than the value leaves nothing of it, and no minus sign.
  [3000, "B", 1e6, "0"],
  [-3000, "B", 1e6, "0"],
  [0, "KiB", 0, "0.00"],
  [2 ** 53, "B", 0, "9,007,199,254,740,992"],
])("%d B in %s with a doubt of %d B is %s", (value, unit, doubt, text) => {
  expect(bytesIn(value, unit, doubt)).toBe(text);
});

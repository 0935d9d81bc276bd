import { expect, test } from "vitest";
import { bytesIn, bytesWithUnit, counted, fixed } from "../../../src/base/format.js";

test.each([
  // value, doubt, text: no digit that the doubt does not allow
  [7700.25, 0.05, "7,700.3"],
  [7700.25, 0.5, "7,700.3"],
  [7700.25, 1, "7,700"],
  [7700.25, 12, "7,700"],
  [7756, 60, "7,760"],
  [7756, 600, "7,800"],
  [-32.4, 0, "-32.4"],
  [-0.01, 0, "0.0"],
])("%d B with a doubt of %d is %s", (value, doubt, text) => {
  expect(bytesIn(value, "B", doubt)).toBe(text);
});

test("KiB are 1,024 bytes, kB a thousand", () => {
  expect(bytesIn(102_400, "KiB", 0)).toBe("100.00");
  expect(bytesIn(102_400, "kB", 1000)).toBe("102");
});

test("the unit keeps the number short", () => {
  expect(bytesWithUnit(3300, 8)).toBe("3,300 B");
  expect(bytesWithUnit(18_850, 8)).toBe("18.85 kB");
  expect(bytesWithUnit(12_345_678, 100)).toBe("12.35 MB");
});

test("nothing is not negative", () => {
  expect(fixed(-0.0001, 2)).toBe("0.00");
});

test("a count agrees with its noun", () => {
  expect([counted(0, "row"), counted(1, "row"), counted(1234, "row")]).toEqual([
    "0 rows",
    "1 row",
    "1,234 rows",
  ]);
});

import { expect, test } from "vitest";
import { bytesOf } from "../../../src/vitest/amount.js";

test.each([
  ["8 kB", 8000],
  ["7.5 KiB", 7680],
  ["736", 736],
  ["0 B", 0],
  [736, 736],
  [0.1, 0.1],
  [0, 0],
])("%s is %d bytes", (amount, bytes) => {
  expect(bytesOf(amount, "The limit")).toBe(bytes);
});

test.each(["8 kb/s", "8 kilobytes", "", "-8 kB", -1, Number.NaN, Infinity])("%s is refused", (amount) => {
  expect(() => bytesOf(amount, "The limit")).toThrow(
    /^The limit is .*; give bytes as a number from 0, or a text with B, kB/,
  );
});

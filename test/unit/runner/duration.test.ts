import { expect, test } from "vitest";
import { parseDuration } from "../../../src/base/duration.js";

test.each([
  ["500ms", 500],
  ["20 s", 20_000],
  ["20", 20_000],
  ["1.5 s", 1500],
  ["5 min", 300_000],
  ["2h", 7_200_000],
  [" 1 d ", 86_400_000],
  ["24.8 d", 2_142_720_000],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "s", "0", "0.0001 ms", "-1 s", "1e3 s", "1 m", "1 s 2", "Infinity", "25 d", "1,5 s"])(
  "%j is no time, which is told with an example",
  (text) => {
    expect(() => parseDuration(text)).toThrow(
      `"${text}" is not a time; give a number above 0 with ms, s, min or h, below 24 days, such as 20 s.`,
    );
  },
);

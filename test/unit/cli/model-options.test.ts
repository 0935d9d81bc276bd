import { expect, test } from "vitest";
import { tokenCount, wrapped } from "../../../src/cli/model-options.js";

test.each([
  ["12000", 12_000],
  ["8k", 8192],
  ["1.5K", 1536],
  ["1m", 1_048_576],
])("%s are %d tokens", (text, tokens) => {
  expect(tokenCount(text)).toBe(tokens);
});

test.each(["0", "0k", "8q", "-1k", "0.0001k"])("%s is no count of tokens", (text) => {
  expect(() => tokenCount(text)).toThrow(/whole number from 1/);
});

test("sentences are broken at spaces, rows of tables are not", () => {
  expect(wrapped("one two three\nrow  1  2  3  4", 7)).toBe("one two\nthree\nrow  1  2  3  4");
  expect(wrapped("unbreakable", 5)).toBe("unbreakable");
});

import { expect, test } from "vitest";
import { tokenCount } from "../../../src/cli/model-options.js";

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

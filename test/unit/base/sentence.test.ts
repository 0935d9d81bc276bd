import { expect, test } from "vitest";
import { BytesperError } from "../../../src/base/errors.js";
import { sentence } from "../../../src/base/sentence.js";

test.each([
  [new BytesperError("USAGE", "Give a size, such as 2 GiB."), "Give a size, such as 2 GiB"],
  [new Error("Cannot find module 'x'\nRequire stack:\n- y"), "Cannot find module 'x'"],
  [new TypeError(""), "TypeError"],
  [
    new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") }),
    "fetch failed: connect ECONNREFUSED 127.0.0.1:1",
  ],
  [new Error("all: x.", { cause: new Error("x") }), "all: x"],
  [new AggregateError([new Error("the first"), new Error("the second")]), "the first"],
  ["a word.", "a word"],
  [undefined, "undefined"],
])("%j within a sentence is %s", (error, text) => {
  expect(sentence(error)).toBe(text);
});

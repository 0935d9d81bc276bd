import { expect, test } from "vitest";
import { counted, plural } from "../../../src/base/format.js";

test.each([
  ["session", "sessions"],
  ["entry", "entries"],
  ["day", "days"],
  ["class", "classes"],
])("several of %s are %s", (noun, several) => {
  expect(plural(noun)).toBe(several);
});

test("one of a noun is singular", () => {
  expect([counted(1, "entry"), counted(0, "entry"), counted(2000, "entry")]).toEqual([
    "1 entry",
    "0 entries",
    "2,000 entries",
  ]);
});

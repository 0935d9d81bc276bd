import { expect, test } from "vitest";
import { wordsWithout } from "../../../../src/runner/chaos/words.js";

const without = (line: string): string =>
  wordsWithout(line.split(" "), ["--chaos"], ["--kills", "--out"]).join(" ");

test.each([
  ["run a.mjs --chaos", "run a.mjs"],
  ["run --chaos a.mjs --kills 5 --seed 1", "run a.mjs --seed 1"],
  ["run --out there a.mjs --kills=5 --chaos", "run a.mjs"],
  ["run --out=there a.mjs", "run a.mjs"],
  ["run a.mjs --outer there", "run a.mjs --outer there"],
])("%s", (line, expected) => {
  expect(without(line)).toBe(expected);
});

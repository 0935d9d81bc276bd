import { expect, test } from "vitest";
import type { Answer } from "../../../src/base/answer.js";
import { answerText } from "../../../src/base/answer.js";
import { hasColour } from "../../../src/base/colour.js";

const doubt = (name: string): { name: string; message: string } => ({ name, message: "eleven mm." });
const printed = (answer: Answer, width = 20, verbose = false, isColoured = false): string[] =>
  answerText(answer, { width, isColoured, verbose }).trimEnd().split("\n");

test.each<[what: string, answer: Answer, lines: string[]]>([
  [
    "everything where six lines are enough",
    { sentences: ["a", "b"], doubts: [doubt("d")], next: ["n"] },
    ["a", "b", "! d: eleven mm.", "n"],
  ],
  [
    "the later sentences go first",
    { sentences: ["a", "b", "c", "d", "e", "f"], doubts: [doubt("x")], next: ["n"] },
    ["a", "b", "c", "d", "! x: eleven mm.", "n"],
  ],
  [
    "a sentence that must stay is longer than its share",
    { sentences: ["a", "b", "c"], kept: 3, doubts: ["u", "v", "w", "x"].map(doubt) },
    ["a", "b", "c", "! 4 doubts: u, v, w,", "  x. --verbose", "  explains."],
  ],
  [
    "doubts without a name are counted",
    { sentences: ["a"], doubts: Array.from({ length: 7 }, () => ({ message: "m" })) },
    ["a", "! m", "! m", "! m", "! 4 more doubts:", "  --verbose."],
  ],
  [
    "what is to be pasted keeps its four blanks",
    { sentences: ["Try first:", "    export A=1"] },
    ["Try first:", "    export A=1"],
  ],
])("%s", (_, answer, lines) => {
  expect(printed(answer)).toEqual(lines);
});

test("with --verbose the tables come before, and all doubts in full", () => {
  const answer = {
    sentences: ["a"],
    doubts: ["1", "2", "3", "4", "5", "6", "7"].map(doubt),
    details: "table",
  };
  const lines = printed(answer, 80, true);
  expect(lines.slice(0, 3)).toEqual(["table", "", "! 1: eleven mm."]);
  expect(lines.filter((line) => line === "! 7: eleven mm.")).toHaveLength(1);
  expect(printed(answer, 80, false)).toHaveLength(6);
});

test("a verdict and a doubt have their colours, each line by itself", () => {
  expect(printed({ sentences: ["aa bb"], tone: "bad", doubts: [doubt("d")] }, 4, false, true)[0]).toBe(
    "\u001b[1;31maa\u001b[0m",
  );
});

test.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { TERM: "dumb" }, false],
  [{ isTTY: true }, { NO_COLOR: "1" }, false],
  [{ isTTY: true }, { NO_COLOR: "" }, true],
  [{}, {}, false],
  [{}, { FORCE_COLOR: "1" }, true],
  [{ isTTY: true }, { FORCE_COLOR: "0" }, false],
  [{}, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
])("a stream %o under %o has colours: %s", (stream, environment, expected) => {
  expect(hasColour(stream, environment)).toBe(expected);
});

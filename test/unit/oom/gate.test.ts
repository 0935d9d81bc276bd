import { describe, expect, test } from "vitest";
import type { Needle } from "../../../src/oom/gate.js";
import { Gate, GateSet, textBefore } from "../../../src/oom/gate.js";
import { GRAMMARS } from "../../../src/oom/grammar/index.js";
import { seededRandom } from "../../../src/base/stats/random.js";
import { MESSAGES } from "./messages.js";

function passes(needle: Needle, bytes: Buffer, at: number): boolean {
  return new Gate(needle).admits(bytes, at + needle.text.length, bytes.length, () => textBefore(bytes, at));
}

/** Whether the gate lets "needle" pass where it stands in the text. */
function admits(text: string, then?: string[], near?: string[]): boolean {
  const bytes = Buffer.from(text);
  const at = text.indexOf("needle");
  const needle = {
    text: "needle",
    ...(then === undefined ? {} : { then }),
    ...(near === undefined ? {} : { near }),
  };
  const after = at + "needle".length;
  const admitted = passes(needle, bytes, at);
  // The first byte may let more pass, never less.
  const set = new GateSet([{ reader: "reader", needle }]);
  if (admitted) expect(set.at(bytes, after, bytes.length).map(({ reader }) => reader)).toEqual(["reader"]);
  return admitted;
}

describe("what follows a needle", () => {
  test.each([
    ["needle of size", ["ofsize"], true],
    ["needle OF\t Size", ["ofsize"], true],
    ["needle of\u00a0size", ["ofsize"], true],
    ["needle of sight", ["ofsize"], false],
    ["needle of sight", ["ofsize", "ofsight"], true],
    // Cut off by the end of what is known.
    ["needle of si", ["ofsize"], true],
    ["needle: 17 end", [":#end"], true],
    ["needle: end", [":#end"], false],
    ["needle 2.10 GiB free", ["$"], true],
    ["needle 1,024 bytes", ["$"], true],
    ["needle 159.69M (", ["$"], true],
    ["needle 3 workers", ["$"], false],
    ["needle 3 good workers", ["$"], false],
    ["needle 2.1\n0 GiB", ["$"], true],
    ["needle\nnext", ["\n"], true],
    ["needle next", ["\n"], false],
  ])("%j with %j: %j", (text, then, expected) => {
    expect(admits(text, then)).toBe(expected);
  });
});

describe("a line end", () => {
  test.each([
    ["needle of\n[12:00:01] INFO size 3", true],
    ["needle of \u001b[31msize", true],
    ["needle of [31msize", true],
    ["needle of\\nsize", true],
    // Too little follows to tell.
    ["needle of\nnothing", true],
    [`needle of\n${"nothing of it ".repeat(40)}`, false],
    [`needle of\n${"nothing of the size, ".repeat(40)}`, true],
  ])("%j: %j", (text, expected) => {
    expect(admits(text, ["ofsize"])).toBe(expected);
  });
});

describe("what stands before a needle", () => {
  test.each([
    ["CUDA error: needle", true],
    ["cud a needle", false],
    [`CUDA ${"x".repeat(200)} needle`, false],
  ])("%j: %j", (text, expected) => {
    expect(admits(text, undefined, ["cuda"])).toBe(expected);
  });
});

test("each message has several needles that pass, so that a line end through one of them loses nothing", () => {
  const random = seededRandom(21);
  for (const [name, make] of Object.entries(MESSAGES)) {
    const bytes = Buffer.from(`${make(random).text}\n${"all is well\n".repeat(40)}`);
    const text = bytes.toString("latin1").toLowerCase();
    const passing = new Set<number>();
    for (const { needles } of GRAMMARS)
      for (const needle of needles)
        for (let at = text.indexOf(needle.text); at !== -1; at = text.indexOf(needle.text, at + 1))
          if (passes(needle, bytes, at)) passing.add(at);
    expect(passing.size, name).toBeGreaterThanOrEqual(2);
  }
});

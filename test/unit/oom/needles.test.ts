import { expect, test } from "vitest";
import { needleSet } from "../../../src/oom/needles.js";
import { seededRandom } from "../../../src/base/stats/random.js";

function hits(
  needles: readonly string[],
  bytes: Buffer,
  from = 0,
  to = bytes.length,
  end = bytes.length,
): string[] {
  const found: string[] = [];
  needleSet(needles).search(bytes, from, to, end, (at, needle) =>
    found.push(`${at} ${needles[needle] ?? ""}`),
  );
  return found.sort();
}

/** By looking at every place for every needle. */
function expected(needles: readonly string[], bytes: Buffer): string[] {
  const text = bytes.toString("latin1").toLowerCase();
  const found: string[] = [];
  for (const needle of needles)
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1))
      found.push(`${at} ${needle}`);
  return found.sort();
}

test("finds what a plain search finds, in random text over few letters", () => {
  const random = seededRandom(11);
  const letter = (): string => "abAB _"[Math.floor(random() * 6)] ?? "";
  for (let round = 0; round < 300; round += 1) {
    const word = (least: number, most: number): string =>
      Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, letter).join("");
    const needles = [...new Set(Array.from({ length: 5 }, () => word(3, 7).toLowerCase()))];
    const bytes = Buffer.from(word(0, 200));
    expect(hits(needles, bytes)).toEqual(expected(needles, bytes));
  }
});

test("reports needles that begin before the limit and end behind it, and none that begin behind it", () => {
  const bytes = Buffer.from("..out of memory..out of memory");
  expect(hits(["out of memory"], bytes, 0, 3)).toEqual(["2 out of memory"]);
  expect(hits(["out of memory"], bytes, 3, 17)).toEqual([]);
  expect(hits(["out of memory"], bytes, 3, 18)).toEqual(["17 out of memory"]);
});

test("reports no needle that is cut off by the end", () => {
  expect(hits(["out of memory"], Buffer.from("out of memory"), 0, 13, 12)).toEqual([]);
});

test("a needle shorter than a block is refused", () => {
  expect(() => needleSet(["no"])).toThrow("3 bytes");
});

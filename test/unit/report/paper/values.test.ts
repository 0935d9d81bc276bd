import { describe, expect, test } from "vitest";
import { meanBeside, valueAt } from "../../../../src/report/paper/value-path.js";
import { formOf, valueText } from "../../../../src/report/paper/value-text.js";
import { wholeResult } from "./folder.js";

function shown(path: string, ...words: string[]): string {
  const { text, unit, above, range } = valueText(wholeResult(), valueAt(wholeResult(), path), formOf(words));
  const ends = range === undefined ? "" : ` (${range.join(" to ")})`;
  return `${above ? "> " : ""}${text}${unit === "" ? "" : ` ${unit}`}${ends}`;
}

test.each([
  // 7,700 to 7,700.5: a half-width of 0.25 B allows one place, and whole bytes need none.
  ["fit.perUnitBytes", [], "7,700.3 B"],
  ["fit.perUnitBytes", ["kB", "1"], "7.7 kB"],
  ["fit.perUnitBytes", ["range"], "7,700.3 B (7,700 to 7,700.5)"],
  ["fit.perUnitBytes.low", [], "7,700 B"],
  ["fit.fixedBytes", ["kB", "2"], "3.30 kB"],
  // 102,400 B with 4,096 B either side are 100 KiB, not 100.00.
  ["rows[sessions=1].readings.rssBytes", ["KiB"], "100 KiB"],
  ["rows[0].readings.heapBytes", ["bare"], "11000"],
  ["rows[sessions=1].readings.peakBytes", ["GiB"], "> 1.00 GiB"],
  ["rows[sessions=1].readings.nativeBytes", [], "—"],
  ["rows[sessions=1].trials", [], "5"],
  ['estimates[name="500 bytes a message"].perUnitBytes', ["kB", "0"], "10 kB"],
  ['estimates[name="500 bytes a message"].comparison.measuredOverEstimate', ["2"], "0.77"],
  ["breakdown[type=A|B].bytes", [], "1,701 B"],
  // 7701 / 7700.25 - 1 is 0.0000974, 0.01 %.
  ["crossCheck.relativeDifference", ["%", "2"], "0.01 %"],
  ["crossCheck.relativeDifference", ["percent", "3"], "0.010 %"],
  ["fit.shape", [], "linear"],
  ["environment.node", [], "20.0.0"],
  ["complete", [], "true"],
])("%s %j is %s", (path, words, text) => {
  expect(shown(path, ...words)).toBe(text);
});

test("a reading of several runs is their median, and the mean that tables show is named beside it", () => {
  const result = wholeResult();
  const [row] = result.rows;
  if (row === undefined) throw new Error("no row");
  row.statistics = {
    rssBytes: { n: 5, mean: 102_500, standardDeviation: 90, median: 102_400, interval: { absent: "few" } },
    heapBytes: { n: 5, mean: 11_000, standardDeviation: 0, median: 11_000, interval: { absent: "few" } },
  };
  const path = "rows[sessions=1].statistics.rssBytes.mean";
  expect(meanBeside(result, "rows[sessions=1].readings.rssBytes")).toEqual({ path, runs: 5 });
  expect(meanBeside(result, "rows[sessions=1].readings.heapBytes")).toBeUndefined();
  expect(meanBeside(result, "rows[sessions=1].readings.nativeBytes")).toBeUndefined();
  expect(valueText(result, valueAt(result, path), formOf(["kB", "1"]))).toMatchObject({
    text: "102.5",
    unit: "kB",
  });
});

describe("what cannot be given says why and what is near", () => {
  test.each([
    ["fit.perUnitByte", [], "the nearest is fit.perUnitBytes"],
    ["perUnitBytes", [], "the nearest is fit.perUnitBytes"],
    ["rows[sessions=1].readings.heapByte", [], "the nearest is rows[sessions=1].readings.heapBytes"],
    ["rows[sessions=2].perUnitBytes", [], "fits none of the 2; the nearest is sessions=1"],
    ["rows[trials=99].perUnitBytes", [], "fits none of the 2"],
    ["rows[1].readings.heapBytes", [], "is not in the result"],
    ["rows[unitsPerInstance=1].perUnitBytes", [], "fits 2: [sessions=1], [sessions=1000]; say more"],
    ["rows[sessions].perUnitBytes", [], "must be [name=value]"],
    ["rows", [], "is no single value; go on with a [selector]"],
    ["fit", [], "go on with perUnitBytes, fixedBytes"],
    ["fit.perUnitBytes.", [], "is not in the result"],
    ["__proto__.toString", [], "is not in the result"],
    ["fit.constructor.name", [], "is not in the result"],
    [
      "fit.perUnitBytes",
      ["KB"],
      "KB is no unit, number of places (0 to 9), bare or range; the nearest is kB",
    ],
    ["fit.perUnitBytes", ["ms"], "is no unit of perUnitBytes, which is in bytes"],
    [
      "capacity.perGiB",
      ["kB"],
      "is no unit of perGiB, which is a plain number (a reading whose name ends in Bytes is in bytes)",
    ],
    ["fit.perUnitBytes", ["B", "kB"], "kB says again"],
    ["fit.shape", ["kB"], 'The value is the word "linear"'],
    ["rows[sessions=1].readings.nativeBytes", ["bare"], "there is none: this C library has no mallinfo2"],
    ["rows[sessions=1].readings.peakBytes", ["bare"], "only a bound is known: the cap was reached"],
  ])("%s %j: %s", (path, words, message) => {
    expect(() => shown(path, ...words)).toThrow(message);
  });
});

test("places that another run would not print again are told", () => {
  const result = wholeResult();
  const noticeOf = (...words: string[]): string | undefined =>
    valueText(result, valueAt(result, "rows[sessions=1].readings.rssBytes"), formOf(words)).notice;
  // A doubt of 4,096 B is 4 KiB: no place of a KiB is known.
  expect(noticeOf("KiB", "2")).toBe(
    "2 places are more than its doubt of 4 allows; take 0, or leave them out.",
  );
  expect(noticeOf("KiB", "0")).toBeUndefined();
  // And 0.0039 MiB: thousandths are.
  expect(noticeOf("MiB", "3")).toBeUndefined();
});

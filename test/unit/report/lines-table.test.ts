import { expect, test } from "vitest";
import { linesTable } from "../../../src/report/lines-table.js";
import type { Result, ResultLine } from "../../../src/record/schema.js";
import { parseResult } from "../../../src/record/schema.js";
import { headingOf, textOf } from "../../../src/base/table/table.js";
import { sampleResult } from "./sample.js";

function line(compression: string, reading: string, perUnit: number, spread: number): ResultLine {
  return {
    others: { compression },
    reading,
    perUnitBytes: { value: perUnit, low: perUnit - spread, high: perUnit + spread },
    fixedBytes: { value: 20 * 2 ** 20, low: 20 * 2 ** 20, high: 20 * 2 ** 20 },
    shape: "linear",
    largestDeviation: 0,
    processes: 3,
    points: 12,
    confidence: 0.75,
  };
}

/** Rows of 1 and of 1000 instances: a page is 4.1 bytes of each. */
function resultWith(lines: ResultLine[]): Result {
  const columns = [{ title: "live heap", from: "readings.heapUsedBytes" }];
  return { ...sampleResult(), unit: "connection", table: { title: "Chat", columns }, lines };
}

test("each reading stands beside the first of its combination, under the name that the experiment gives it", () => {
  const table = linesTable(
    resultWith([
      line("off", "mainPssBytes", 6000, 0),
      line("off", "heapUsedBytes", 3750, 0),
      line("on", "mainPssBytes", 256_000, 3000),
      line("on", "zlibBytes", 64_000, 0),
    ]),
  );
  expect(table?.columns.map(headingOf)).toEqual([
    "compression",
    "reading",
    "bytes per connection",
    "share of the first",
    "fixed (MiB)",
    "shape",
  ]);
  expect(table?.rows.map((row) => row.map(textOf))).toEqual([
    ["off", "PSS of the process", "6,000", "100.0 %", "20.00", "linear"],
    ["off", "live heap", "3,750", "62.5 %", "20.00", "linear"],
    ["on", "PSS of the process", "256,000 (253,000 to 259,000)", "100.0 %", "20.00", "linear"],
    ["on", "zlib", "64,000", "25.0 %", "20.00", "linear"],
  ]);
});

test("one line alone is what the fit says already", () => {
  expect(linesTable(resultWith([line("off", "mainPssBytes", 6000, 0)]))).toBeUndefined();
  expect(linesTable(sampleResult())).toBeUndefined();
});

test("lines are part of a result that can be read again", () => {
  const result = resultWith([line("off", "mainPssBytes", 6000, 0)]);
  expect(parseResult(JSON.stringify(result), "r.json").lines).toEqual(result.lines);
});

import { expect, test } from "vitest";
import { csvTable } from "../../../../src/base/table/csv.js";
import { jsonTable } from "../../../../src/base/table/json.js";
import { latexTable } from "../../../../src/base/table/latex.js";
import { markdownTable } from "../../../../src/base/table/markdown.js";
import { tablesOf } from "../../../../src/report/result-tables.js";
import { meanCell } from "../../../../src/base/table/number-cell.js";
import { textOf } from "../../../../src/base/table/table.js";
import { terminalTable } from "../../../../src/base/table/terminal.js";
import { expectGolden } from "../golden.js";
import { sampleResult } from "../sample.js";
import { TOUGH } from "./tough.js";

const ORIGIN = ["made/tough, run 1", "a name with\na line break % and ümlaut"];

test("LaTeX takes every text, aligns numbers and marks what is absent or censored", () => {
  expectGolden("tough.tex", `${latexTable(TOUGH, ORIGIN)}\n`);
});

test("CSV has unrounded bytes, ends and a status, and no formula", () => {
  expectGolden("tough.csv", csvTable(TOUGH, { run: "1" }));
});

test("JSON has both the number and its text", () => {
  expectGolden("tough.json", jsonTable(TOUGH, { run: "1" }));
});

test("Markdown shows every text as it is", () => {
  expectGolden("tough.md", `${markdownTable(TOUGH)}\n`);
});

test("the terminal gets no control character", () => {
  const text = terminalTable(TOUGH);
  expectGolden("tough.txt", `${text}\n`);
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
});

test("every table of a result stands alone: with its conditions and the result's doubts", () => {
  const tables = tablesOf(sampleResult());
  expect(tables.map(({ name }) => name)).toEqual([
    "main",
    "fit",
    "capacity",
    "estimates",
    "residual-500-bytes-a-message",
    "classes",
    "kinds",
    "waste",
    "ledger",
    "calibration",
  ]);
  for (const { table } of tables) {
    expect(table.conditions).toContain("Node 20.0.0 (V8 11.3) on Linux 6.0 x64, Test CPU with 16.00 GiB");
    expect(table.conditions).toContain("memory limit: none; optimising compilers off");
    expect(table.notes).toContain("Doubt (cells-missing): 1 cell has no result.");
  }
});

test("names of follow-ups are names of files, and no two tables share one", () => {
  const result = sampleResult();
  const table = { title: "T", columns: [{ title: "n", from: "factors.n" }] };
  result.followUps = ["../a b", "../a b", "main"].map((name) => ({ name, table, rows: [] }));
  const names = tablesOf(result).map(({ name }) => name);
  expect(names.slice(0, 4)).toEqual(["main", "a-b", "a-b-2", "main-2"]);
  expect(new Set(names).size).toBe(names.length);
});

test.each<[mean: number, deviation: number | undefined, text: string, latex: string]>([
  // Two digits of the deviation decide the digits of the mean.
  [0.64321, 0.0123, "0.643 ± 0.012", "0.643(12)"],
  [34_512, 1234, "34,500 ± 1,200", "34500(1200)"],
  [12.3, 10.5, "12 ± 11", "12(11)"],
  [0.00002032, 1.7e-7, "0.00002032 ± 0.00000017", "0.00002032(17)"],
  [-1.5, 0.096, "-1.500 ± 0.096", "-1.500(96)"],
  [7, 0, "7", "7"],
  [7.25, undefined, "7.250", "7.250"],
  // The rounding of a sum is no spread: only a note tells it.
  [0.1, 1e-17, "0.100", "0.100"],
])("a mean of %d with a deviation of %d is shown as %s", (mean, deviation, text, latex) => {
  const cell = meanCell({ n: 5, mean, deviation, interval: undefined }, 1, (value) =>
    Number.isInteger(value) ? 0 : 3,
  );
  expect(textOf(cell)).toBe(text);
  const table = {
    caption: "",
    columns: [{ title: "x", align: "right" as const }],
    rows: [[cell]],
    notes: [],
  };
  expect(latexTable(table)).toContain(`\\midrule\n${latex}`);
});

test("a mean has its deviation, its runs and the ends of its interval in CSV, and its note in the status", () => {
  const interval = { low: 1, high: 3 };
  const cell = meanCell({ n: 4, mean: 2, deviation: 0.5, interval, note: "4 of 5 runs" }, 1, () => 0);
  const one = meanCell({ n: 1, mean: 2, deviation: undefined, interval: undefined }, 1, () => 0);
  const table = {
    caption: "",
    columns: [{ title: "x", align: "right" as const }],
    rows: [[cell], [one], [{ absent: "why" }]],
    notes: [],
  };
  expect(csvTable(table).split("\r\n")).toEqual([
    "x,x deviation,x runs,x low,x high,x status",
    "2,0.5,4,1,3,ok: 4 of 5 runs",
    "2,NA,1,NA,NA,ok",
    "NA,NA,NA,NA,NA,absent: why",
    "",
  ]);
});

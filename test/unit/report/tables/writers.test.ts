import { expect, test } from "vitest";
import { csvTable } from "../../../../src/base/table/csv.js";
import { jsonTable } from "../../../../src/base/table/json.js";
import { latexTable } from "../../../../src/base/table/latex.js";
import { markdownTable } from "../../../../src/base/table/markdown.js";
import { tablesOf } from "../../../../src/report/result-tables.js";
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

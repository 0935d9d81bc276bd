import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { indexPage } from "../../../src/report/index-page.js";
import { mainTable } from "../../../src/report/main-table.js";
import { resultPage } from "../../../src/report/page.js";
import { summarise } from "../../../src/report/summary.js";
import { terminalTable } from "../../../src/report/terminal.js";
import { sampleResult } from "./sample.js";

/** BYTESPER_GOLDEN=write makes the files anew; read the difference before committing it. */
function expectGolden(name: string, text: string): void {
  const file = new URL(`../../golden/${name}`, import.meta.url);
  if (process.env.BYTESPER_GOLDEN === "write") writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

test("the page of an experiment", () => {
  expectGolden("result.md", resultPage(sampleResult()));
});

test("the main table on a terminal", () => {
  expectGolden("main-table.txt", `${terminalTable(mainTable(sampleResult()))}\n`);
});

test("the index", () => {
  expectGolden("index.md", indexPage([sampleResult()]));
});

test("the summary, with a reason for each headline that is missing", () => {
  expectGolden("summary.json", `${JSON.stringify(summarise([sampleResult()]), null, 2)}\n`);
});

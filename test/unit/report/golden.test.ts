import { test } from "vitest";
import { indexPage } from "../../../src/report/index-page.js";
import { mainTable } from "../../../src/report/main-table.js";
import { resultPage } from "../../../src/report/page.js";
import { summarise } from "../../../src/report/summary.js";
import { terminalTable } from "../../../src/base/table/terminal.js";
import { expectGolden } from "./golden.js";
import { sampleResult } from "./sample.js";

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

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeTables } from "../../../../src/report/write-tables.js";
import { removeUnfinishedFiles, writeResult } from "../../../../src/runner/results-folder.js";
import { wholeResult } from "../paper/folder.js";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test("every table is there in each form and names its run, and no old one stays", () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, "tables"));
  for (const old of ["gone.tex", "gone.csv", "gone.json", "mine.txt"])
    writeFileSync(join(folder, "tables", old), "");
  const result = wholeResult();
  writeTables(folder, result);
  const files = readdirSync(join(folder, "tables"));
  expect(files).toContain("mine.txt");
  expect(files.filter((file) => file.startsWith("gone"))).toEqual([]);
  expect(files.filter((file) => file.endsWith(".tex"))).toHaveLength(10);
  for (const file of files.filter((name) => name !== "mine.txt"))
    expect(readFileSync(join(folder, "tables", file), "utf8")).toContain(result.runId);
  expect(readdirSync(folder)).toEqual(["tables"]);
});

test("a result without the hash of its journal, or an incomplete one, has no tables to give away", () => {
  const out = emptyFolder();
  const { journalSha256, ...running } = wholeResult();
  expect(journalSha256).toBeDefined();
  writeResult(out, running);
  writeResult(out, { ...wholeResult(), complete: false });
  expect(readdirSync(join(out, "session-scaling")).sort()).not.toContain("tables");
  writeResult(out, wholeResult());
  expect(readdirSync(join(out, "session-scaling"))).toContain("tables");
});

test("what a killed runner was writing among the tables is removed", () => {
  const out = emptyFolder();
  writeResult(out, wholeResult());
  const tables = join(out, "session-scaling/tables");
  writeFileSync(join(tables, ".main.tex.4242.tmp"), "half");
  removeUnfinishedFiles(out, [4242]);
  expect(readdirSync(tables).filter((file) => file.endsWith(".tmp"))).toEqual([]);
});

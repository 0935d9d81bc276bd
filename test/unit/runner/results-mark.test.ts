import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { requireExperimentFolders, requireResultsFolder } from "../../../src/runner/results-mark.js";

/** A folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const JOURNAL = '{"v":1,"seq":0,"at":"x","type":"run","schema":"bytesper/journal@1"}\n';

test.each([
  ["nothing", {}],
  ["hidden files alone", { ".gitignore": "*" }],
  ["journals alone", { "runs/a.jsonl": JOURNAL }],
  ["the summary of an earlier version", { "summary.json": '{"schema": "bytesper/summary@1"}' }],
  ["a journal", { "journal.jsonl": JOURNAL, "README.md": "# Results" }],
])("files may be replaced in a folder with %s", (_, files: Record<string, string>) => {
  expect(() => {
    requireResultsFolder(folderWith(files));
  }).not.toThrow();
});

test.each([
  ["README.md", { "README.md": "# My project" }],
  ["summary.json", { "summary.json": '{"mine": 1}' }],
  ["index.html", { "index.html": "<p>mine" }],
  ["journal.jsonl", { "journal.jsonl": "dear diary\n" }],
  ["src", { "src/a.py": "" }],
  ["a.txt", { "a.txt": "", ".hidden": "" }],
])("a folder with the user's %s is refused and stays as it is", (name, files: Record<string, string>) => {
  const folder = folderWith(files);
  expect(() => {
    requireResultsFolder(folder);
  }).toThrow(
    `${folder} holds "${name}" and is no results folder, and files there would be replaced; give an empty or a new folder with --out.`,
  );
  for (const [file, text] of Object.entries(files))
    expect(readFileSync(join(folder, file), "utf8")).toBe(text);
});

test("an empty name of a folder is not taken for the working directory", () => {
  expect(() => {
    requireResultsFolder("");
  }).toThrow("--out is empty; give the path of a folder.");
});

test("a run that was killed at its start has made the folder its own", () => {
  const folder = folderWith({ "README.md": "# Results", "runs/20260131T120000Z-1a2b3c.jsonl": "" });
  symlinkSync("runs/20260131T120000Z-1a2b3c.jsonl", join(folder, "journal.jsonl"));
  expect(() => {
    requireResultsFolder(folder);
  }).not.toThrow();
});

test("the folder of an experiment must hold a result, if anything", () => {
  const out = folderWith({
    "done/result.json": '{\n  "schema": "bytesper/result@1"\n}',
    "half/partial.json": '{\n  "schema": "bytesper/result@1"\n}',
    "mine/figures/a.png": "png",
    "other/result.json": "{}",
  });
  requireExperimentFolders(out, ["done", "half", "new"]);
  for (const name of ["mine", "other"])
    expect(() => {
      requireExperimentFolders(out, [name]);
    }).toThrow(/holds "(figures|result\.json)" and no result, and files there would be replaced;/);
});

test("a link in place of a folder whose old files are removed is refused", () => {
  const out = folderWith({ "a/result.json": '{"schema": "bytesper/result@1"}', "away/x.csv": "mine" });
  symlinkSync(join(out, "away"), join(out, "a/tables"));
  symlinkSync(join(out, "away"), join(out, "b"));
  for (const [name, link] of [
    ["a", "a/tables"],
    ["b", "b"],
  ] as const)
    expect(() => {
      requireExperimentFolders(out, [name]);
    }).toThrow(`${join(out, link)} is a link where a folder of results was expected;`);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Result } from "../../../src/record/schema.js";
import { keptInstead, resultName, writeResult } from "../../../src/runner/results-folder.js";
import { wholeResult } from "../report/paper/folder.js";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The result of another run, with only the first `rows` of the rows. */
function narrowed(rows: number, settings: Result["settings"]): Result {
  const whole = wholeResult();
  return {
    ...whole,
    runId: "other",
    rows: whole.rows.slice(0, rows),
    settings: { ...whole.settings, quick: false, ...settings },
  };
}

test.each([
  ["a filter", 1, { selection: "sessions=1" }, false, "other"],
  ["quick levels", 1, { quick: true }, false, "other"],
  ["a filter that leaves nothing out", 99, { selection: "sessions=1,100" }, false, "result"],
  ["an edited experiment", 1, {}, false, "result"],
  ["a filter, with leave to replace", 1, { selection: "sessions=1" }, true, "result"],
])("a result of %s is written to the right files", (_, rows, settings: Result["settings"], replace, name) => {
  const out = emptyFolder();
  const whole = wholeResult();
  writeResult(out, whole);
  const folder = writeResult(out, narrowed(rows, settings), undefined, replace);
  const read = (file: string): Result => JSON.parse(readFileSync(join(folder, file), "utf8")) as Result;
  expect(read(`${name}.json`).runId).toBe("other");
  expect(read("result.json").runId).toBe(name === "result" ? "other" : whole.runId);
  expect(resultName(folder, narrowed(rows, settings))).toBe(name);
});

test("the result of an older run is written beside that of a newer one, unless it may replace it", () => {
  const out = emptyFolder();
  const newer = wholeResult();
  const older = { ...newer, runId: "older", finishedAt: "2025-12-31T00:00:00.000Z" };
  const folder = writeResult(out, newer);
  const shown = (): unknown =>
    (JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as Result).runId;
  writeResult(out, older);
  expect([shown(), readdirSync(folder).includes("older.md")]).toEqual([newer.runId, true]);
  expect(keptInstead(folder, older)).toBe("newer");
  writeResult(out, older, undefined, true);
  expect(shown()).toBe("older");
  // The newer one comes back by itself.
  writeResult(out, newer);
  expect(shown()).toBe(newer.runId);
});

test("of two parts the larger one is kept", () => {
  const out = emptyFolder();
  writeResult(out, narrowed(2, { selection: "sessions=1,5" }));
  const folder = writeResult(out, { ...narrowed(1, { selection: "sessions=1" }), runId: "smaller" });
  expect(readdirSync(folder)).toContain("smaller.json");
  writeResult(out, { ...narrowed(3, { selection: "sessions=1,5,10" }), runId: "larger" });
  expect(JSON.parse(readFileSync(join(folder, "result.json"), "utf8"))).toMatchObject({ runId: "larger" });
});

test("the page of a narrowed result says what it covers and where its numbers are; the fuller one keeps its tables", () => {
  const out = emptyFolder();
  const folder = writeResult(out, wholeResult());
  const before = readdirSync(join(folder, "tables")).map((file) =>
    readFileSync(join(folder, "tables", file), "utf8"),
  );
  writeResult(out, narrowed(1, { selection: "sessions=1" }));
  const page = readFileSync(join(folder, "other.md"), "utf8");
  expect(page).toContain("Run other, ");
  expect(page).toContain(
    "It ran a part of the experiment: sessions=1. Unrounded numbers: [other.json](other.json).",
  );
  expect(
    readdirSync(join(folder, "tables")).map((file) => readFileSync(join(folder, "tables", file), "utf8")),
  ).toEqual(before);
});

test("a result that its own reader would refuse is not written", () => {
  const out = emptyFolder();
  const result = { ...wholeResult(), minimumDetectableBytes: NaN };
  expect(() => writeResult(out, result)).toThrow("is not a result: minimumDetectableBytes:");
  expect(readdirSync(out)).toEqual([]);
});

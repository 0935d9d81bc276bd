import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Result } from "../../../../src/record/schema.js";
import { sampleResult } from "../sample.js";

export const JOURNAL = "one reading\n";
export const JOURNAL_SHA256 = createHash("sha256").update(JOURNAL).digest("hex");

/** A complete result whose journal is JOURNAL; one reading is censored. */
export function wholeResult(): Result {
  const result = sampleResult();
  const [first] = result.rows;
  if (first === undefined) throw new Error("the sample has no row");
  first.readings.peakBytes = { above: 2 ** 30, reason: "the cap was reached" };
  return { ...result, complete: true, missing: [], warnings: [], journalSha256: JOURNAL_SHA256 };
}

/** A folder with `results/session-scaling`, its journal and a figure, removed with the test. */
export function paperFolder(result: Result = wholeResult()): string {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const own = join(folder, "results", result.experiment);
  mkdirSync(join(own, "figures"), { recursive: true });
  mkdirSync(join(folder, "results/runs"));
  writeFileSync(join(own, "result.json"), JSON.stringify(result));
  writeFileSync(join(own, "figures/bytes.svg"), "<svg/>");
  writeFileSync(join(own, "figures/bytes.png"), "png");
  writeFileSync(join(folder, "results", result.journal ?? ""), JOURNAL);
  return folder;
}

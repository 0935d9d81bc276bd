import { readFileSync, readdirSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Result } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, fitOf, inFolder } from "./cli.js";

const EXPERIMENTS = ["history-window", "instance-overhead", "session-scaling"];

function resultOf(folder: string, experiment: string): Result {
  const file = join(folder, experiment, "result.json");
  return parseResult(readFileSync(file, "utf8"), file);
}

function valueOf(reading: unknown): number {
  return (reading as { value: number }).value;
}

describe("a quick profile of generated conversations", async () => {
  await inFolder(async (folder) => {
    const first = await bytesper(["profile", "--quick", "--out", folder]);
    const results = new Map(EXPERIMENTS.map((name) => [name, resultOf(folder, name)]));
    const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as Record<string, unknown>;
    const index = readFileSync(join(folder, "README.md"), "utf8");
    const journal = readFileSync(join(folder, "journal.jsonl"));
    const pages = EXPERIMENTS.map((name) => readFileSync(join(folder, name, "result.md"), "utf8"));
    const second = await bytesper(["profile", "session-scaling", "--quick", "--out", folder]);
    const again = resultOf(folder, "session-scaling");
    const journals = readdirSync(join(folder, "runs"));
    const get = (name: string): Result => results.get(name) as Result;

    test("ends well and says what it found", () => {
      expect(first.stderr).toMatch(/cells/);
      expect(first.code).toBe(0);
      expect(first.stdout).toMatch(/One session costs/);
      for (const name of EXPERIMENTS) expect(get(name).complete).toBe(true);
    });

    test("one, five and a hundred sessions cost the same, less the fixed cost, within 1 %", () => {
      const { rows, fit } = get("session-scaling");
      const fixed = valueOf((fit as { fixedBytes: unknown }).fixedBytes);
      const per = [1, 5, 100].map((sessions) => {
        const row = rows.find(({ factors }) => factors.sessions === sessions);
        return (valueOf(row?.readings.heapBytes) + valueOf(row?.readings.externalBytes) - fixed) / sessions;
      });
      expect(Math.max(...per) / Math.min(...per)).toBeLessThan(1.01);
    });

    test.each(EXPERIMENTS)("slope and snapshot of %s agree within 1 %", (name) => {
      const { crossCheck } = get(name);
      if ("absent" in crossCheck) throw new Error(crossCheck.absent);
      expect(crossCheck.instances).toBeGreaterThanOrEqual(1000);
      expect(Math.abs(crossCheck.relativeDifference)).toBeLessThan(0.01);
    });

    test.each(EXPERIMENTS)("the breakdowns of %s sum to the snapshot", (name) => {
      const { crossCheck, breakdown, kinds } = get(name);
      const total = (crossCheck as { snapshotPerUnitBytes: number }).snapshotPerUnitBytes;
      const sum = (rows: { bytes: number }[]): number => rows.reduce((bytes, row) => bytes + row.bytes, 0);
      expect(sum(breakdown)).toBeCloseTo(total, 6);
      expect(sum(kinds)).toBeCloseTo(total, 6);
    });

    test.each(EXPERIMENTS)("the residual of each estimate of %s is explained to the byte", (name) => {
      for (const { comparison } of get(name).estimates) {
        const parts = comparison.residual.reduce((bytes, part) => bytes + part.bytes, 0);
        expect(Math.abs(parts - comparison.residualBytes)).toBeLessThan(0.1);
      }
    });

    test("the ledger closes: its lines and the unexplained one are the change of PSS", ({ skip }) => {
      const { ledger } = get("session-scaling");
      if ("absent" in ledger) return skip(`no ledger here: ${ledger.absent}`);
      const lines = ledger.lines.reduce((bytes, line) => bytes + (line.bytes as number), 0);
      expect(lines + ledger.unexplainedBytes).toBeCloseTo(ledger.pssChangeBytes, 3);
    });

    test("a window of n exchanges holds 2n messages", () => {
      for (const row of get("history-window").rows) {
        expect(row.unitsPerInstance).toBe(2 * (row.factors.window as number));
      }
    });

    test("the summary has the headline numbers", () => {
      expect(summary.per_session_bytes).toBe(fitOf(get("session-scaling")).perUnitBytes.value);
      expect(summary.per_message_bytes).toBe(fitOf(get("history-window")).perUnitBytes.value);
      expect(summary.crisis_state_bytes).toBe(fitOf(get("instance-overhead")).perUnitBytes.value);
      const row = get("session-scaling").rows.find(({ factors }) => factors.sessions === 100);
      expect(summary.rss_at_100_sessions_mb).toBe(valueOf(row?.readings.rssBytes) / 1e6);
      expect(summary.sessions_per_gb_ram).toBe(get("session-scaling").capacity?.perGB);
    });

    test("the index links every page, every page tells its conditions", () => {
      for (const [place, name] of EXPERIMENTS.entries()) {
        expect(index).toContain(`${name}/result.md`);
        expect(pages[place]).toMatch(/Node \d+\.\d+\.\d+ \(V8/);
        expect(pages[place]).toContain("optimising compilers off");
      }
    });

    test("each result names its journal by a hash that is right", () => {
      for (const name of EXPERIMENTS) {
        expect(get(name).journalSha256).toBe(createHash("sha256").update(journal).digest("hex"));
      }
    });

    test("a second run gives the same bytes per session within 0.1 %", () => {
      expect(second.code).toBe(0);
      const [a, b] = [get("session-scaling"), again].map((result) => fitOf(result).perUnitBytes.value) as [
        number,
        number,
      ];
      expect(Math.abs(a - b) / a).toBeLessThan(0.001);
    });

    test("journals are kept as long as a result names them", () => {
      // Two experiments still name the first run, one the second.
      expect(journals).toHaveLength(2);
    });
  });
});

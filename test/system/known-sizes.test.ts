import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, fitOf, inFolder, measured, otherNodes, ROOT } from "./cli.js";

const { sizes: truths } = JSON.parse(readFileSync(`${ROOT}/test/fixtures/known-sizes.json`, "utf8")) as {
  sizes: Record<string, Record<string, number>>;
};
const GRIDS = join(ROOT, "test/fixtures/grids");

function majorOf(node: string): number {
  return Number(/\d+/.exec(execFileSync(node, ["--version"], { encoding: "utf8" }))?.[0]);
}

function truthOf(name: string, major: number): number {
  const since = Object.keys(truths[name] ?? {})
    .map(Number)
    .filter((from) => from <= major);
  return truths[name]?.[Math.max(...since)] ?? Number.NaN;
}

const nodes = [process.execPath, ...otherNodes()];
const names = Object.keys(truths).sort();

describe.each(nodes.map((node) => [majorOf(node), node] as const))("Node %i", (major, node) => {
  // 25 processes.
  test("reads each size in a process of its own", { timeout: 300_000 }, async () => {
    await inFolder(async (out) => {
      const grid = join(GRIDS, "known-sizes.experiment.mjs");
      const { code, stderr } = await bytesper(["run", grid, "--trials", "1", "--out", out], { node });
      expect(code, stderr).toBe(0);
      const file = join(out, "known-sizes/result.json");
      const { rows } = parseResult(readFileSync(file, "utf8"), file);
      expect(rows.map(({ factors }) => factors.kind).sort()).toEqual(names);
      for (const { factors, perUnitBytes } of rows) {
        const truth = truthOf(String(factors.kind), major);
        const read = "value" in perUnitBytes ? perUnitBytes.value : Number.NaN;
        const off = Math.abs(read - truth);
        expect(off, `${factors.kind}: read ${read}, truth ${truth}`).toBeLessThanOrEqual(
          Math.max(0.001 * truth, 0.1),
        );
      }
    });
  });

  test("slope and snapshot agree on one of each", async () => {
    const result = await measured([`${join(GRIDS, "known-size.mjs")}#all`], { node });
    const held = names.filter((name) => name !== "smallInteger");
    // The array that holds them: 32, and a place of 8 for each behind 16.
    const truth = held.reduce((sum, name) => sum + 8 + truthOf(name, major), 32 + 16);
    expect(Math.abs(fitOf(result).perUnitBytes.value - truth)).toBeLessThanOrEqual(0.1);
    if ("absent" in result.crossCheck) throw new Error(result.crossCheck.absent);
    expect(Math.abs(result.crossCheck.snapshotPerUnitBytes - truth)).toBeLessThanOrEqual(1);
  });
});

for (const major of [22, 24, 26]) {
  test(`the same on Node ${major}`, ({ skip }) => {
    const found = nodes.some((node) => majorOf(node) === major);
    if (!found) skip(`BYTESPER_NODES names no Node ${major}`);
    expect(found).toBe(true);
  });
}

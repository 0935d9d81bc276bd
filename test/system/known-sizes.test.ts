import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fitOf, measured, otherNodes, ROOT, subject } from "./cli.js";

const { sizes: truths } = JSON.parse(readFileSync(`${ROOT}/test/fixtures/known-sizes.json`, "utf8")) as {
  sizes: Record<string, Record<string, number>>;
};

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

describe.each(nodes.map((node) => [majorOf(node), node] as const))("Node %i", (major, node) => {
  test.each(Object.keys(truths))("reads the size of one %s", async (name) => {
    const truth = truthOf(name, major);
    const result = await measured([`${subject("known.mjs")}#${name}`], { node });
    const read = fitOf(result).perUnitBytes.value;
    expect(Math.abs(read - truth), `read ${read}, truth ${truth}`).toBeLessThanOrEqual(
      Math.max(0.001 * truth, 0.1),
    );
    if ("absent" in result.crossCheck) throw new Error(result.crossCheck.absent);
    expect(Math.abs(result.crossCheck.relativeDifference)).toBeLessThanOrEqual(0.01);
  });
});

for (const major of [22, 24, 26]) {
  test(`the same on Node ${major}`, ({ skip }) => {
    const found = nodes.some((node) => majorOf(node) === major);
    if (!found) skip(`BYTESPER_NODES names no Node ${major}`);
    expect(found).toBe(true);
  });
}

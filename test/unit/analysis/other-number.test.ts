import { expect, test } from "vitest";
import type { Collected, GrowthTrial } from "../../../src/analysis/collected.js";
import type { Lead } from "../../../src/analysis/lead.js";
import { ofOtherNumber } from "../../../src/analysis/other-number.js";
import { warningsOf } from "../../../src/analysis/warnings.js";
import type { SettledReading } from "../../../src/measure/settle.js";
import { sampleResult } from "../report/sample.js";

/** A cell that grew by equal steps to 60,000 instances; each step may have a cost of its own. */
function grew(costs: readonly number[], settled = true): GrowthTrial[] {
  let heapBytes = 5_000_000;
  const read = (count: number): SettledReading => ({
    ...{ count, created: count, heapBytes, externalBytes: 0, mallocBytes: 0, settled },
  });
  const readings = [read(0)];
  for (const [index, cost] of costs.entries()) {
    heapBytes += 10_000 * cost;
    readings.push(read(10_000 * (index + 1)));
  }
  return [{ factors: {}, data: { readings, returnsNothing: false }, grown: [], dropped: [] }];
}

const one = (): number => 1;
const COLLECTED: Collected = {
  ...{ rows: [], nulls: [], programs: [], growths: [], fits: [], failed: [], runs: [] },
  interrupted: false,
};
const NO_LEAD = { from: "warm", fit: undefined } as unknown as Lead;

/** The doubt about instances of 320 bytes. */
function doubtOf(costs: readonly number[], spread = 0): string | undefined {
  const result = sampleResult();
  if ("absent" in result.fit) throw new Error("the sample has a line");
  result.fit.perUnitBytes = { value: 320, low: 320, high: 320 };
  delete result.leak;
  const found = { ownSlope: false, lead: NO_LEAD, kernel: { absent: "not asked" }, spread };
  const other = ofOtherNumber(grew(costs), one);
  return warningsOf(result, COLLECTED, { ...found, other }).find(({ name }) => name === "depends-on-number")
    ?.message;
}

test("instances that cost more in a larger population are a doubt with both figures", () => {
  expect(doubtOf([320, 368, 368, 368, 368, 368])).toMatch(/costs 320 B in populations .* 368 B .* 60,000/);
});

test("the same cost, and what the first size pays once, are none", () => {
  expect(doubtOf([320, 320, 320, 320, 320, 320])).toBeUndefined();
  expect(doubtOf([900, 320, 320, 320, 320, 320])).toBeUndefined();
});

test("a table that doubles once does not say that all later instances cost more", () => {
  expect(doubtOf([320, 320, 320, 380, 320, 320])).toBeUndefined();
});

test("the mean of instances that differ in size may lie as far off as they differ", () => {
  expect(doubtOf([320, 368, 368, 368, 368, 368], 0.2)).toBeUndefined();
});

test("readings that never settled, and too few sizes, give no other cost", () => {
  expect(ofOtherNumber(grew([1, 1, 1, 1, 1, 1], false), one)).toBeUndefined();
  expect(ofOtherNumber(grew([1, 1, 1]), one)).toBeUndefined();
  expect(ofOtherNumber([], one)).toBeUndefined();
  expect(ofOtherNumber(grew([320, 320, 320, 320]), () => 4)).toMatchObject({ value: 80, instances: 40_000 });
});

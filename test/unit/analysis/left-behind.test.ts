import { expect, test } from "vitest";
import type { Collected } from "../../../src/analysis/collected.js";
import type { Lead } from "../../../src/analysis/lead.js";
import { warningsOf } from "../../../src/analysis/warnings.js";
import type { Result } from "../../../src/record/schema.js";
import { sampleResult } from "../report/sample.js";

const COLLECTED: Collected = {
  ...{ rows: [], nulls: [], programs: [], growths: [], fits: [], failed: [], runs: [] },
  interrupted: false,
};
const NONE = { value: 0, low: 0, high: 0 };
const NO_LEAD = { from: "warm", fit: undefined } as unknown as Lead;

/** Whether malloc that instances of 1,000 bytes left behind is a doubt. */
function isDoubt(low: number, value: number): boolean {
  const result: Result = sampleResult();
  if ("absent" in result.fit) throw new Error("the sample has a line");
  result.fit.perUnitBytes = { value: 1000, low: 1000, high: 1000 };
  result.leak = {
    made: 30_000,
    retainedPerInstanceBytes: NONE,
    nativePerInstanceBytes: { value, low, high: value },
    kernelPerInstanceBytes: NONE,
  };
  const found = { ownSlope: false, lead: NO_LEAD, nativeLead: NO_LEAD, kernel: { absent: "not asked" } };
  return warningsOf(result, COLLECTED, found).some(({ name }) => name === "retained-after-release");
}

test("what each process left behind is a doubt, however little; what some did, from a thousandth of a unit", () => {
  expect(isDoubt(0.3, 0.3)).toBe(true);
  expect(isDoubt(0, 0.3)).toBe(false);
  expect(isDoubt(0, 1.1)).toBe(true);
});

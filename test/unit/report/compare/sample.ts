import type { Result, ResultFit } from "../../../../src/record/schema.js";
import { sampleResult } from "../sample.js";

export const exact = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});

/** A complete result of one row, of 1,000 sessions of `perUnit` bytes, read without noise. */
export function plainResult(perUnit: number, breakdown: Result["breakdown"]): Result {
  const sample = sampleResult();
  const fit = sample.fit as ResultFit;
  return {
    ...sample,
    complete: true,
    missing: [],
    rows: [
      {
        factors: { sessions: 1000 },
        outcome: "ok",
        trials: 5,
        instances: 1000,
        unitsPerInstance: 1,
        readings: { heapBytes: exact(1000 * perUnit + 3000) },
        perUnitBytes: exact(perUnit),
      },
    ],
    fit: { ...fit, perUnitBytes: exact(perUnit), fixedBytes: exact(3000) },
    minimumDetectableBytes: 0.01,
    breakdown,
    kinds: [{ kind: "objects", bytes: perUnit, count: 1 }],
    waste: [],
  };
}

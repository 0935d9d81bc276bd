import fc from "fast-check";
import { expect, test } from "vitest";
import { TARGETS } from "./targets.js";

/** BYTESPER_FUZZ_SEED, BYTESPER_FUZZ_CASES and BYTESPER_FUZZ_TARGET try others, or one target alone. */
const { BYTESPER_FUZZ_SEED = "20260131", BYTESPER_FUZZ_CASES = "20000", BYTESPER_FUZZ_TARGET } = process.env;
const SEED = Number(BYTESPER_FUZZ_SEED);
const CASES = Number(BYTESPER_FUZZ_CASES);
/** Longest time for one case, ms: only a hang takes so long. */
const LONGEST_CASE_MS = 20_000;

test("the shares of the targets are all cases", () => {
  expect(TARGETS.reduce((sum, { share }) => sum + share, 0)).toBe(1000);
});

test.each(TARGETS.filter(({ name }) => BYTESPER_FUZZ_TARGET === undefined || name === BYTESPER_FUZZ_TARGET))(
  "$name: every input is read as it stands or refused in a sentence",
  async ({ property, share }) => {
    // fast-check prints the seed and the smallest case that it found.
    await fc.assert(property(), {
      seed: SEED,
      numRuns: Math.ceil((CASES * share) / 1000),
      timeout: LONGEST_CASE_MS,
      endOnFailure: false,
    });
  },
);

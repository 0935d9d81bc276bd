import { describe, expect, test } from "vitest";
import type { EstimateOptions } from "../../../src/model/index.js";
import { CONTEXT_BYTES, estimate, modelOf } from "../../../src/model/index.js";
import { estimateAnswer } from "../../../src/model/page/index.js";
import { QWEN25_3B, TINY, TINY_HYBRID } from "./configs.js";

const QWEN = modelOf(QWEN25_3B);
const CAPACITY = Math.round(14.74 * 2 ** 30);

const SETTINGS: [string, Partial<EstimateOptions>, string][] = [
  ["eager", { attention: "eager" }, "attention scores"],
  ["flash", { attention: "flash" }, "feed-forward activations"],
  ["all logits with a copy", { attention: "flash", logits: "all-fp32" }, "logits"],
  ["eager in four sequences", { attention: "eager", batch: 4 }, "attention scores"],
];

describe.each(SETTINGS)("%s", (_, options, wall) => {
  const at = (tokens: number, capacityBytes = CAPACITY): ReturnType<typeof estimate> =>
    estimate(QWEN, { ...options, tokens, capacityBytes });

  test("the largest prompt fits and one more token does not", () => {
    const { maxTokens = 0 } = at(1);
    expect(maxTokens).toBeGreaterThan(100);
    expect(at(maxTokens).fits).toBe(true);
    expect(at(maxTokens + 1).fits).toBe(false);
  });

  test("the wall is the term that grew", () => {
    expect(at(1).wall).toBe(wall);
  });

  test("terms at the peak sum to the prefill peak, and the total is the larger moment", () => {
    const { terms, prefillPeakBytes, decodeTerms, decodeBytes, totalBytes } = at(5000);
    const peak = terms.filter(({ atPeak }) => atPeak).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(peak).toBe(prefillPeakBytes);
    expect(totalBytes).toBe(Math.max(prefillPeakBytes, decodeBytes));
    expect(decodeBytes).toBeLessThanOrEqual(decodeTerms.reduce((sum, { bytes }) => sum + bytes, 0));
  });
});

test("scores and logits are not in memory together", () => {
  const { terms } = estimate(QWEN, { tokens: 8000, attention: "eager", logits: "all-fp32" });
  const peaks = Object.fromEntries(terms.map(({ name, atPeak }) => [name, atPeak]));
  expect(peaks).toMatchObject({ "attention scores": true, logits: false, "hidden states": true });
});

test("a cache of long sessions fills what weights and one prompt leave", () => {
  const { maxSessions = 0, kvBytesPerToken } = estimate(QWEN, { tokens: 4096, capacityBytes: CAPACITY });
  // Without activations and rounding: room for that many caches of 36 KiB a token, and not many more.
  const most = Math.floor((CAPACITY - CONTEXT_BYTES - 6_171_877_376) / (4096 * kvBytesPerToken));
  expect(maxSessions).toBeLessThanOrEqual(most);
  expect(maxSessions).toBeGreaterThan(0.85 * most);
});

test("sessions are of the prompt's length, whatever the batch", () => {
  const sessions = (batch: number): number | undefined =>
    estimate(QWEN, { tokens: 4096, batch, capacityBytes: CAPACITY }).maxSessions;
  expect(sessions(8)).toBe(sessions(1));
});

test("a capacity that the weights alone exceed holds nothing, and the weights are the wall", () => {
  expect(estimate(QWEN, { tokens: 100, capacityBytes: 4 * 2 ** 30 })).toMatchObject({
    fits: false,
    maxTokens: 0,
    maxSessions: 0,
    wall: "weights",
  });
});

test("recurrent states limit sessions too", () => {
  const model = modelOf(TINY_HYBRID);
  const { maxSessions = 0 } = estimate(model, {
    tokens: 1,
    contextBytes: 0,
    capacityBytes: 64 * 2 ** 20,
  });
  // 1,488 B of state and 16 B of cache each, and what generating takes.
  expect(maxSessions).toBeGreaterThan(1000);
  expect(maxSessions).toBeLessThan((64 * 2 ** 20) / 1504);
});

test("the capacity's figures are there only with a capacity", () => {
  const result = estimate(modelOf(TINY), { tokens: 1 });
  for (const name of ["capacityBytes", "fits", "maxTokens", "maxSessions", "wall"]) {
    expect(result).not.toHaveProperty(name);
  }
});

test("a prompt longer than the model's positions is noted", () => {
  const notes = (tokens: number): string => estimate(QWEN, { tokens }).notes.join(" ");
  expect(notes(32_768)).toBe("");
  expect(notes(32_769)).toMatch(/made for 32,768 positions/);
});

test.each([{ tokens: 0 }, { tokens: 1.5 }, { tokens: 1, batch: -1 }, { tokens: Number.NaN }])(
  "%j is refused",
  (options) => {
    expect(() => estimate(QWEN, options)).toThrow(/^Expected (tokens|batch) to be a whole number from 1/);
  },
);

test("more than 2^53 bytes are refused", () => {
  expect(() => estimate(QWEN, { tokens: 2 ** 52 })).toThrow(/more than 2\^53 bytes; give fewer\.$/);
});

test("a prompt longer than the model was made for is told, and an encoder keeps no sessions", () => {
  const answer = (model: ReturnType<typeof modelOf>): string =>
    estimateAnswer(estimate(model, { tokens: 10, capacityBytes: CAPACITY }), "x", "").sentences.join(" ");
  expect(answer(modelOf(TINY))).toMatch(
    /^14\.74 GiB: .*\. Largest prompt [\d,]+ tokens \(the model was made for 100\); sessions of 10 tokens at once/,
  );
  expect(answer(modelOf({ ...TINY, model_type: "bert" }))).toMatch(/; sessions keep nothing\. The wall is /);
});

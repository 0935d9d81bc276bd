import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { DEFAULT_MODEL } from "../../../../src/context/simulation/default-model.js";
import { AttentionMeter } from "../../../../src/context/simulation/measure.js";
import { TurnMemory } from "../../../../src/context/simulation/memory.js";
import { estimate, modelOf } from "../../../../src/model/index.js";
import { tryLoadAddon } from "../../../../src/system/native/load.js";
import { isAbsent } from "../../../../src/system/probe/reading.js";

const GIB = 2 ** 30;
const MODEL = modelOf(DEFAULT_MODEL.config);
const EAGER = { attention: "eager", logits: "last" } as const;
const memoryOf = (gib: number, attention: "eager" | "flash" = "eager"): TurnMemory =>
  new TurnMemory(MODEL, { attention, logits: "last", capacityBytes: gib * GIB });

test("the model without a file is Qwen2.5-3B: 36 KiB of cache a token, 3.09 thousand million parameters", () => {
  const { kvBytesPerToken, parameters } = estimate(MODEL, { tokens: 1 });
  expect(kvBytesPerToken).toBe(36 * 1024);
  expect(Math.round(parameters / 1e7)).toBe(309);
});

test.each([[8], [14.74], [40]])("of %d GiB the tokens are the most that fit", (gib) => {
  const memory = memoryOf(gib);
  expect(memory.peakBytes(memory.promptTokens, 0)).toBeLessThanOrEqual(gib * GIB);
  expect(memory.peakBytes(memory.promptTokens + 1, 0)).toBeGreaterThan(gib * GIB);
  // The search of the estimate itself takes the prompt and what is generated at that length.
  const { maxTokens } = estimate(MODEL, { tokens: 1, ...EAGER, capacityBytes: gib * GIB });
  expect(Math.min(memory.promptTokens, memory.totalTokens)).toBe(Math.min(maxTokens ?? 0, 32_768));
});

test("no more tokens than the model has positions", () => {
  expect(memoryOf(80, "flash")).toMatchObject({ promptTokens: 32_768, totalTokens: 32_768 });
});

test("a capacity below the weights has room for no token", () => {
  expect(memoryOf(1)).toMatchObject({ promptTokens: 0, totalTokens: 0 });
});

test("the peak of a turn is that of its prompt or of its last new token", () => {
  const memory = memoryOf(14.74);
  const { prefillPeakBytes } = estimate(MODEL, { tokens: 5000, ...EAGER });
  const { decodeBytes } = estimate(MODEL, { tokens: 5700, ...EAGER });
  expect(memory.peakBytes(5000, 700)).toBe(Math.max(prefillPeakBytes, decodeBytes));
});

test("measured scores take the place of the estimated ones and of nothing else", () => {
  const memory = memoryOf(14.74);
  const scores = memory.scoreBytes(6000);
  // bf16: scores, their widened copy and the softmax result, of 16 heads.
  expect(scores).toBe(16 * 6000 ** 2 * 10);
  expect(memory.peakWithScores(6000, 100, scores)).toBe(memory.peakBytes(6000, 100));
  expect(memory.peakWithScores(6000, 100, scores + 1000)).toBe(memory.peakBytes(6000, 100) + 1000);
});

const METER = {
  attention: "eager",
  dtype: "bf16",
  device: "cpu",
  instructionSet: "",
  capBytes: GIB,
  seed: 1,
} as const;
const addon = tryLoadAddon();

test("attention that really runs takes the estimated scores and the workspace of its threads", async ({
  skip,
}) => {
  skip(isAbsent(addon), "needs the built addon");
  const meter = new AttentionMeter(MODEL, { ...METER, budgetMs: 60_000 });
  const beyond = ((await meter.scoreBytes(600)) as number) - memoryOf(14.74).scoreBytes(600);
  expect(beyond).toBeGreaterThanOrEqual(0);
  expect(beyond).toBeLessThan(availableParallelism() * 4 * 2 ** 20);
});

test("a length that the time does not allow is absent with the reason", async ({ skip }) => {
  skip(isAbsent(addon), "needs the built addon");
  const meter = new AttentionMeter(MODEL, { ...METER, budgetMs: 0 });
  expect(await meter.scoreBytes(600)).toEqual({
    absent: "not run: the time for measuring (0 ms) is too short for this length",
  });
});

test("a length that the memory does not hold is absent with the reason", async ({ skip }) => {
  skip(isAbsent(addon), "needs the built addon");
  const meter = new AttentionMeter(MODEL, { ...METER, capBytes: 64 * 2 ** 20, budgetMs: 60_000 });
  expect(await meter.scoreBytes(2000)).toEqual({
    absent: expect.stringMatching(/^The pool could not give/) as string,
  });
});

test("heads that cannot be run here are absent with the reason", async () => {
  const odd = modelOf({ ...DEFAULT_MODEL.config, head_dim: 100 });
  const meter = new AttentionMeter(odd, { ...METER, budgetMs: 60_000 });
  expect(await meter.scoreBytes(100)).toEqual({
    absent: "heads of dimension 100 cannot be run here; multiples of 16 up to 256 can",
  });
});

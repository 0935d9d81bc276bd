import { expect, test } from "vitest";
import { knownModel } from "../../../src/model/index.js";
import { calibrate, pruneTo } from "../../../src/oom/crash.js";
import { afterCrash, capacityAfter } from "../../../src/oom/crash-log.js";
import { explain } from "../../../src/oom/explain.js";
import { GIB, scanText } from "./support.js";

const MODEL = knownModel("Qwen2.5-3B");
if (MODEL === undefined) throw new Error("Qwen2.5-3B is a known model");
const { shape } = MODEL;

const log = (requested: string, free: string, allocated: string): string =>
  `prompt_tokens: 8000\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${requested}. GPU 0 has a total capacity of 14.74 GiB of which ${free} is free. Including non-PyTorch memory, this process has ${allocated} memory in use. Of the allocated memory 13.10 GiB is allocated by PyTorch, and 100.00 MiB is reserved by PyTorch but unallocated.\n`;

test("a crash says what the process needed beside what the estimate says", async () => {
  const { reports } = explain(await scanText(log("2.00 GiB", "1.00 GiB", "13.74 GiB")), { name: "Q", shape });
  const { calibration } = reports[0] ?? {};
  // What it held and was refused; what it held and was free.
  expect(calibration?.neededBytes).toBe(Math.round(15.74 * GIB));
  expect(calibration?.availableBytes).toBe(Math.round(14.74 * GIB));
  expect(calibration?.tokens).toBe(8000);
  expect(calibration?.beyondBytes).toBe((calibration?.neededBytes ?? 0) - (calibration?.estimatedBytes ?? 0));
  expect(reports[0]?.changes.map(({ change }) => change).join()).toMatch(/Prune the prompt to [\d,]+ tokens/);
});

test("fewer tokens than those that failed would have fitted, fewer still if the difference stays", () => {
  const crash = {
    line: 1,
    tokens: 8000,
    heldBytes: 13 * GIB,
    requestedBytes: 2 * GIB,
    availableBytes: 14 * GIB,
    totalBytes: 14 * GIB,
  };
  const found = calibrate(shape, crash, { tokens: 8000 });
  expect(found.fittingTokens).toBeLessThan(found.mostFittingTokens);
  expect(found.mostFittingTokens).toBeLessThan(8000);
});

test("where no prompt would have fitted, pruning is no action", async () => {
  const small = log("2.00 GiB", "1.00 GiB", "13.74 GiB")
    .replaceAll("14.74", "5.00")
    .replace("13.74", "4.00")
    .replace("13.10", "3.50");
  const { reports } = explain(await scanText(small), { name: "Q", shape });
  expect(reports[0]?.calibration?.fittingTokens).toBe(0);
  expect(reports[0]?.calibration?.message).toContain("pruning does not help");
  expect(reports[0]?.changes.map(({ change }) => change).join()).not.toContain("Prune");
});

test.each([
  ["no count of tokens", log("2.00 GiB", "1.00 GiB", "13.74 GiB").replace("prompt_tokens: 8000\n", "")],
  [
    "main memory",
    "prompt_tokens: 8000\nMemoryError: Unable to allocate 2.00 GiB for an array with shape (268435456,) and data type float64\n",
  ],
])("without %s nothing is compared", async (_, text) => {
  const { reports } = explain(await scanText(text), { name: "Q", shape });
  expect(reports).toHaveLength(1);
  expect(reports[0]?.calibration).toBeUndefined();
});

const CRASH = {
  line: 1,
  tokens: 8000,
  heldBytes: 8 * GIB,
  requestedBytes: GIB,
  availableBytes: 8.5 * GIB,
  totalBytes: 8.5 * GIB,
};

test("a crash beside the estimate of another prompt: the difference whole, or in proportion to the tokens", () => {
  const { calibration, ...found } = afterCrash(shape, CRASH, { tokens: 4000 });
  const beyond = 9 * GIB - calibration.estimatedBytes;
  expect(calibration.beyondBytes).toBe(beyond);
  expect(found.mostNeededBytes).toBe(found.estimatedBytes + beyond);
  expect(found.leastNeededBytes).toBe(found.estimatedBytes + beyond / 2);
  expect(capacityAfter(CRASH, calibration)).toBe(8.5 * GIB - beyond);
});

test.each([
  [{ fittingTokens: 6000, mostFittingTokens: 7000 }, "6,000 tokens"],
  [{ fittingTokens: 30, mostFittingTokens: 7000 }, "7,000 tokens or fewer"],
  [{ fittingTokens: 0, mostFittingTokens: 0 }, undefined],
])("%j: prune to %j", (counts, text) => {
  const calibration = calibrate(shape, CRASH, { tokens: 8000 });
  expect(pruneTo({ ...calibration, ...counts })?.text).toBe(text);
});

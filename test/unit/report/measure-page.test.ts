import { expect, test } from "vitest";
import { answerText } from "../../../src/base/answer.js";
import { bareNumber, measureAnswer } from "../../../src/report/measure-page.js";
import { headline } from "../../../src/report/sections.js";
import { sampleResult } from "./sample.js";

const page = (verbose: boolean): string =>
  answerText(measureAnswer(sampleResult(), "./session.ts#Session"), {
    width: Infinity,
    isColoured: false,
    verbose,
  });

test("the answer comes first, and the next command last", () => {
  expect(page(false).startsWith(headline(sampleResult()))).toBe(true);
  expect(page(false)).toMatch(/\nHow many fit: npx bytesper fits \.\/session\.ts#Session --memory 2GiB\n$/);
});

test("the tables come with --verbose alone, and the answer after them", () => {
  const captions = ["Where the bytes go, by class", "by the way V8 stores them", "Calibration at the start"];
  expect(captions.map((caption) => page(false).includes(caption))).toEqual([false, false, false]);
  expect(captions.map((caption) => page(true).includes(caption))).toEqual([true, true, true]);
  expect(page(true).endsWith(page(false))).toBe(true);
});

test("the bare number is the total, or of V8 alone where native memory was not measured, or a reason", () => {
  const result = sampleResult();
  if ("absent" in result.fit) throw new Error("the sample has a fit");
  const { fit } = result;
  const total = { value: 20, low: 19, high: 21 };
  expect(bareNumber({ ...result, fit: { ...fit, totalPerUnitBytes: total } })).toBe(20);
  expect(bareNumber({ ...result, fit: { ...fit, totalPerUnitBytes: { absent: "no addon" } } })).toBe(
    fit.perUnitBytes.value,
  );
  expect(bareNumber({ ...result, fit: { absent: "it leaked" } })).toEqual({ absent: "it leaked" });
});

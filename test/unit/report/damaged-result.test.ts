import { expect, test } from "vitest";
import { BytesperError } from "../../../src/base/errors.js";
import { parseResult } from "../../../src/record/schema.js";
import { sampleResult } from "./sample.js";

/** The sentence about a sample that was changed at a path such as `rows.0.trials`. */
function sentenceAbout(path: string, value: unknown): string {
  const document = sampleResult() as unknown as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const holder = keys.reduce((object, key) => object[key] as Record<string, unknown>, document);
  holder[last] = value;
  try {
    parseResult(JSON.stringify(document), "r.json");
  } catch (error) {
    expect(error).toBeInstanceOf(BytesperError);
    expect((error as BytesperError).code).toBe("BAD_RESULT");
    return (error as BytesperError).message;
  }
  throw new Error("the result was accepted");
}

test.each([
  // NaN and Infinity become null in JSON.
  ["rows.0.readings.heapBytes.low", Number.NaN, "expected number, received null"],
  ["rows.0.perUnitBytes.value", Number.POSITIVE_INFINITY, "expected number, received null"],
  ["rows.0.readings.nativeBytes.absent", 3, "expected string, received number"],
  ["fit.fixedBytes.value", "many", "expected number, received string"],
  ["fit.nativePerUnitBytes.absent", false, "expected string, received boolean"],
  // Beside the numbers of a line it is an unknown key, and would be taken for the reason why there is none.
  ["fit.absent", { of: 1 }, "expected string, received object"],
  ["waste.0.bytes", "few", "expected number, received string"],
  ["fit", 3, "expected object, received number"],
])("a result with a wrong %s is refused by that place", (path, value, problem) => {
  expect(sentenceAbout(path, value)).toBe(`r.json is not a result: ${path}: Invalid input: ${problem}.`);
});

test("a number too large for a double is refused", () => {
  const text = JSON.stringify(sampleResult()).replace(
    '"minimumDetectableBytes":0.08',
    '"minimumDetectableBytes":1e999',
  );
  expect(() => parseResult(text, "r.json")).toThrow(/^r\.json is not a result: minimumDetectableBytes: /);
});

test.each([
  ["bytesper/result@2", "use a newer bytesper"],
  ["bytesper/result@10", "use a newer bytesper"],
  ["bytesper/result@0", "give the result.json of an experiment"],
  ["bytesper/summary@1", "give the result.json of an experiment"],
])("the schema %s is refused: %s", (schema, advice) => {
  expect(sentenceAbout("schema", schema)).toBe(
    `r.json has the schema ${schema}, this version reads bytesper/result@1; ${advice}.`,
  );
});

test.each(["oom-cap", "oom-device", "oom-alloc", "oom-watchdog"])(
  "a cell that ended as %s still reads",
  (outcome) => {
    const result = sampleResult();
    const text = JSON.stringify({ ...result, rows: [{ ...result.rows[1], outcome }] });
    expect(parseResult(text, "r.json").rows[0]?.outcome).toBe(outcome);
  },
);

import { expect, test } from "vitest";
import { parseResult, resultJsonSchema } from "../../../src/record/schema.js";
import { sampleResult } from "./sample.js";

test("a result comes back as it was written", () => {
  expect(parseResult(JSON.stringify(sampleResult()), "r.json")).toEqual(sampleResult());
});

test("a newer schema is refused by name", () => {
  const text = JSON.stringify({ ...sampleResult(), schema: "bytesper/result@2" });
  expect(() => parseResult(text, "r.json")).toThrow(
    /^r\.json has the schema bytesper\/result@2, this version reads/,
  );
});

test("damage names the place", () => {
  const damaged = { ...sampleResult(), minimumDetectableBytes: "few" };
  expect(() => parseResult(JSON.stringify(damaged), "r.json")).toThrow(/minimumDetectableBytes/);
  expect(() => parseResult("{", "r.json")).toThrow(/^r\.json is not JSON/);
  expect(() => parseResult("null", "r.json")).toThrow(/is not a result/);
});

test("a number that is none is refused", () => {
  const text = JSON.stringify({ ...sampleResult(), minimumDetectableBytes: Number.NaN });
  expect(() => parseResult(text, "r.json")).toThrow(/minimumDetectableBytes/);
});

test("the published schema requires what the type requires", () => {
  const schema = resultJsonSchema() as { required: string[]; properties: Record<string, unknown> };
  expect(schema.required).toEqual(
    expect.arrayContaining(["schema", "rows", "fit", "warnings", "environment"]),
  );
  expect(schema.required).not.toContain("estimate");
  expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(sampleResult())));
});

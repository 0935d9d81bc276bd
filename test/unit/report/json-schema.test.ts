import { expect, test } from "vitest";
import { z } from "zod";
import { parseResult, resultJsonSchema } from "../../../src/record/schema.js";
import { sampleResult } from "./sample.js";

// Read back from its JSON text, as a user of the published file would.
const published = z.fromJSONSchema(
  JSON.parse(JSON.stringify(resultJsonSchema())) as z.core.JSONSchema.JSONSchema,
);

const DAMAGED: [name: string, result: unknown][] = [
  ["no rows", { ...sampleResult(), rows: undefined }],
  ["a fit that is a number", { ...sampleResult(), fit: 3 }],
  [
    "an outcome outside the vocabulary",
    { ...sampleResult(), rows: [{ ...sampleResult().rows[0], outcome: "fine" }] },
  ],
  ["another schema", { ...sampleResult(), schema: "bytesper/result@2" }],
];

test("the published JSON Schema accepts a result", () => {
  expect(published.safeParse(sampleResult()).success).toBe(true);
});

test("the published JSON Schema allows keys of a later minor version, as reading does", () => {
  const later = { ...sampleResult(), later: { more: 1 } };
  expect(published.safeParse(later).success).toBe(true);
  expect(parseResult(JSON.stringify(later), "r.json")).toEqual(later);
});

test.each(DAMAGED)("the published JSON Schema and reading both refuse %s", (_name, result) => {
  expect(published.safeParse(result).success).toBe(false);
  expect(() => parseResult(JSON.stringify(result), "r.json")).toThrow(/^r\.json /);
});

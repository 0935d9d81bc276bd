import { expect, test } from "vitest";
import { answerFrom } from "../../../src/analysis/answer.js";
import type { Answer } from "../../../src/experiment/answer.js";
import type { Result } from "../../../src/record/schema.js";
import { sampleResult } from "../report/sample.js";

function resultWith(readings: Result["rows"][number]["readings"]): Result {
  const result = sampleResult();
  const [row] = result.rows as [Result["rows"][number]];
  return { ...result, rows: [{ ...row, factors: { n: 7 }, readings }] };
}

const exact = (value: number): { value: number; low: number; high: number } => ({ value, low: value, high: value }); // prettier-ignore

test.each<[string, Result["rows"][number]["readings"], Answer, string | { absent: string }]>([
  ["an exact number", { aBytes: exact(2 ** 20) }, ({ row }) => row().bytes("aBytes"), "1.00 MiB"],
  [
    "an interval in the same words",
    { aBytes: { value: 2 ** 20, low: 2 ** 19, high: 2 ** 21 } },
    ({ row }) => row({ n: 7 }).bytes("aBytes"),
    "1.00 MiB (512.00 KiB to 2.00 MiB)",
  ],
  [
    "a bound, which is no number",
    { aBytes: { above: 2 ** 30, reason: "the cap" } },
    ({ row }) => `${row().bytes("aBytes")}, ${row().has("aBytes")}`,
    "more than 1.00 GiB, false",
  ],
  [
    "why a number is absent",
    { aBytes: { absent: "no driver" } },
    ({ row }) => row().bytes("aBytes"),
    { absent: "no driver" },
  ],
  [
    "a bound where a number is needed",
    { aBytes: { above: 1, reason: "the cap" } },
    ({ row }) => String(row().number("aBytes")),
    { absent: "of n 7 only a bound of aBytes is known" },
  ],
  [
    "a row that did not run",
    {},
    ({ row }) => row({ n: 8 }).count("aBytes"),
    { absent: "the run has no row with n 8" },
  ],
  [
    "a mistake in the function",
    {},
    () => (undefined as unknown as string).trim(),
    {
      absent: "its answer could not be made: Cannot read properties of undefined (reading 'trim')",
    },
  ],
  ["small shares with two digits", {}, (_, { percent }) => `${percent(0.000_146)}, ${percent(0.058)}, ${percent(0.46)}`, "0.015 %, 5.8 %, 46 %"], // prettier-ignore
])("an answer says %s", (_name, readings, answer, expected) => {
  expect(answerFrom(resultWith(readings), answer)).toEqual(expected);
});

import { expect, test } from "vitest";
import { fitOf, measured, subject } from "./cli.js";

// A ledger adds up to the change of PSS, which the start of any other Node process changes too.

test("what the first instance pays for all is the fixed cost", async () => {
  const result = await measured([subject("table-once.mjs")]);
  const { perUnitBytes, fixedBytes } = fitOf(result);
  expect(perUnitBytes.value).toBe(40);
  expect(fixedBytes.value).toBeGreaterThanOrEqual(2 ** 20);
  expect(fixedBytes.value).toBeLessThan(2 ** 20 + 16_384);
  expect(result.warnings).toEqual([]);
});

test("the ledger explains 97 % of what 20 MB of strings add to PSS", async ({ skip }) => {
  const result = await measured([
    ...[`${subject("known.mjs")}#text1000`, "--instances", "20000"],
    ...["--trials", "3", "--no-snapshot"],
  ]);
  const { ledger } = result;
  if ("absent" in ledger) return skip(`no ledger here: ${ledger.absent}`);
  expect(ledger.pssChangeBytes).toBeGreaterThan(20_000 * 1016);
  expect(Math.abs(ledger.unexplainedBytes) / ledger.pssChangeBytes).toBeLessThan(0.03);
});

import { expect, test } from "vitest";
import { balance } from "../../../src/analysis/ledger.js";
import type { LedgerReading } from "../../../src/measure/ledger.js";

const before: LedgerReading = {
  heapBytes: 4000,
  heapPhysicalBytes: 6000,
  externalBytes: 100,
  mallocInUseBytes: 1000,
  mallocFreeBytes: 50,
  pssBytes: 40_000,
  pssAnonBytes: 10_000,
  pssFileBytes: 30_000,
  rssBytes: 50_000,
};

test("heap, unfilled pages, external, native, free chunks and files add up to the change of PSS", () => {
  const after: LedgerReading = {
    ...before,
    heapBytes: 9000,
    heapPhysicalBytes: 13_000,
    externalBytes: 400,
    mallocInUseBytes: 2500,
    mallocFreeBytes: 70,
    pssBytes: 49_000,
    pssFileBytes: 30_400,
  };
  const ledger = balance(before, after);
  if ("absent" in ledger) throw new Error(ledger.absent);
  expect(ledger.lines.map(({ bytes }) => bytes)).toEqual([5000, 2000, 300, 1200, 20, 400]);
  expect(ledger.pssChangeBytes).toBe(9000);
  expect(ledger.unexplainedBytes).toBe(9000 - 8920);
});

test("without PSS there is no ledger, and it says why", () => {
  const absent = { absent: "no /proc" };
  expect(balance({ ...before, pssBytes: absent }, before)).toEqual(absent);
});

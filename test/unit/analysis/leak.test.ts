import { expect, test } from "vitest";
import type { Collected, GrowthTrial, Trial } from "../../../src/analysis/collected.js";
import { leakOf } from "../../../src/analysis/leak.js";
import type { LedgerReading } from "../../../src/measure/ledger.js";
import type { SettledReading } from "../../../src/measure/settle.js";

const KIB = 1024;

/** An empty process; each field in KiB. */
function ledger(anon: number, { heap = 4000, physical = 7000, free = 1000 } = {}): LedgerReading {
  return {
    heapBytes: heap * KIB,
    heapPhysicalBytes: physical * KIB,
    externalBytes: 0,
    mallocInUseBytes: 3000 * KIB,
    mallocFreeBytes: free * KIB,
    pssBytes: anon * KIB,
    pssAnonBytes: anon * KIB,
    pssFileBytes: 0,
    rssBytes: anon * KIB,
  };
}

function row(created: number): SettledReading {
  return { count: 0, created, heapBytes: 0, externalBytes: 0, mallocBytes: 0, settled: true };
}

/** A process that made 10,240 instances after its warm-up; its population of 1,024 took 4,096 KiB of pages. */
function trial(before: LedgerReading, after: LedgerReading): Trial {
  const data = { warm: row(1024), end: row(11_264), readings: [], baseline: row(0), cold: [] };
  return {
    factors: {},
    trial: 0,
    instances: 1024,
    data: data as unknown as Trial["data"],
    end: {} as Trial["end"],
    ledger: { before: ledger(8000), after: ledger(12_096) },
    emptied: { before, after },
  };
}

/** Two populations of 1,024 that were made and dropped. */
function growth(first: LedgerReading, second: LedgerReading): GrowthTrial {
  const dropped = [
    { instances: 1024, reading: first },
    { instances: 2048, reading: second },
  ];
  return { factors: {}, data: { readings: [], returnsNothing: false }, grown: [], dropped };
}

const quiet = trial(ledger(9000), ledger(9000));
const EMPTY: Collected = {
  rows: [quiet],
  nulls: [],
  programs: [],
  growths: [],
  fits: [],
  failed: [],
  runs: [],
  interrupted: false,
};

test.each<[what: string, collected: Partial<Collected>, left: number]>([
  ["pages of the second population", { growths: [growth(ledger(9000), ledger(13_096))] }, 4096],
  ["less than 1 MiB", { growths: [growth(ledger(9000), ledger(9900))] }, 0],
  [
    "pages of V8 that hold nothing",
    { growths: [growth(ledger(9000), ledger(11_000, { physical: 9000 }))] },
    0,
  ],
  ["free chunks of malloc", { growths: [growth(ledger(9000), ledger(11_000, { free: 3000 }))] }, 0],
  // Half of the largest population is 2,048 KiB.
  ["what V8 may keep for later, without such a cell", { rows: [trial(ledger(9000), ledger(11_000))] }, 0],
  ["more than that", { rows: [trial(ledger(9000), ledger(19_240))] }, 1024],
])("pages left behind: %s", (_, collected, left) => {
  const leak = leakOf({ ...EMPTY, ...collected });
  expect(leak).toMatchObject({ kernelPerInstanceBytes: { value: left } });
});

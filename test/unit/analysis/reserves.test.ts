import { expect, test } from "vitest";
import type { GrowthTrial } from "../../../src/analysis/collected.js";
import type { SizedLedger } from "../../../src/analysis/kernel.js";
import { heldWithoutReserves, leftWithoutReserves, mallocOfGrown } from "../../../src/analysis/reserves.js";
import type { LedgerReading } from "../../../src/measure/ledger.js";

const START = 2_600_000;

function ledger(instances: number, mallocInUseBytes: LedgerReading["mallocInUseBytes"]): SizedLedger {
  return { instances, reading: { mallocInUseBytes } as LedgerReading };
}

/** A cell that grew to 6,000 instances, each of which holds this much of malloc and leaves that much. */
function grew(held: number, left?: number): GrowthTrial[] {
  const grown = [0, 1000, 2000, 3000, 4000, 5000, 6000].map((size) => ledger(size, START + held * size));
  const dropped = left === undefined ? [] : [6000, 12_000].map((made) => ledger(made, START + left * made));
  return [{ factors: {}, data: { readings: [], returnsNothing: false }, grown, dropped }];
}

// 2 MB of V8's records of kept pages beside 9,000 instances, over levels of 200 to 1,000.
const RECORDS = { value: 226, low: 225, high: 227 };
const ONE_UNIT = { levels: 800, units: 1 };

test("malloc that the cell without kept pages does not see is V8's, and none of the instances'", () => {
  const none = mallocOfGrown(grew(0));
  expect(heldWithoutReserves(RECORDS, none, ONE_UNIT)).toMatchObject({
    reading: { value: 0, low: 0 },
    hadReserves: true,
  });
  expect(leftWithoutReserves(226, none)).toBe(0);
});

test("native memory beside V8's records of pages is counted, for each unit of an instance", () => {
  expect(
    heldWithoutReserves({ value: 726, low: 725, high: 727 }, mallocOfGrown(grew(1000)), {
      levels: 800,
      units: 2,
    }),
  ).toMatchObject({ reading: { value: 500 }, hadReserves: true });
});

test("native memory that the cell sees too keeps the reading of the trials", () => {
  const reading = { value: 1000, low: 999, high: 1002 };
  expect(heldWithoutReserves(reading, mallocOfGrown(grew(1000)), ONE_UNIT).reading).toBe(reading);
  expect(leftWithoutReserves(1001, mallocOfGrown(grew(1000)))).toBe(1001);
});

test("chunks that the first hundreds use again are no cost: the cell leads, and the interval covers both", () => {
  // 64 KiB over 285 instances of 2 units are 115 B.
  const merged = heldWithoutReserves({ value: 1825, low: 1806, high: 1826 }, mallocOfGrown(grew(3600)), {
    levels: 285,
    units: 2,
  });
  expect(merged).toEqual({ reading: { value: 1800, low: 1800, high: 1826 }, hadReserves: false });
});

test("a cell that sees more than what comes and goes leaves the reading of the trials", () => {
  const reading = { value: 1000, low: 999, high: 1002 };
  expect(heldWithoutReserves(reading, mallocOfGrown(grew(1400)), ONE_UNIT).reading).toBe(reading);
});

test("what instances hold and give back is not left, however much it is", () => {
  expect(leftWithoutReserves(226, mallocOfGrown(grew(1000, 0)))).toBe(0);
  expect(leftWithoutReserves(226, mallocOfGrown(grew(1000, 226)))).toBe(226);
});

test("a cell without malloc, or none at all, says nothing", () => {
  const unread = grew(0).map((cell) => ({
    ...cell,
    grown: cell.grown.map(({ instances }) => ledger(instances, { absent: "no addon" })),
  }));
  for (const growths of [[], unread]) {
    expect(mallocOfGrown(growths)).toBeUndefined();
    expect(heldWithoutReserves(RECORDS, mallocOfGrown(growths), ONE_UNIT).reading).toBe(RECORDS);
  }
});

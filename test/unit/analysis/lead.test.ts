import { expect, test } from "vitest";
import type { Fit } from "../../../src/analysis/fit.js";
import { leadingLine } from "../../../src/analysis/lead.js";

function line(value: number, spread = 0): Fit {
  return {
    perUnitBytes: { value, low: value - spread, high: value + spread },
    fixedBytes: { value: 0, low: 0, high: 0 },
    shape: "linear",
    largestDeviation: 0,
    processes: 5,
    points: 75,
    confidence: 0.9375,
  };
}

const given = { kept: false, instances: 1000, steps: [145.5, 145.5] };
/** The first size lies off the line. */
const bent = (value: number): Fit => ({ ...line(value), shape: "shrinking" });
const keptOnce = { ...given, kept: true, steps: [3932, 2558] };
const ofMalloc = { ...given, isMalloc: true };
const ofSlabs = { ...given, instances: 160, steps: [7986, 8640], apart: 22 };
const once = { ...given, steps: [736, 1000] };

test.each([
  // Tolerance of 1,000 instances: 1 %, or 2,048 / 1,000 bytes where that is more.
  ["equal lines", line(736), line(736), given, "warm", undefined],
  ["a difference below 1 %", line(736), line(743), given, "warm", undefined],
  ["a difference of what is paid once", line(32), line(34), given, "warm", undefined],
  ["a table that grew in the warm-up", line(80), line(145.5), given, "cold", 80],
  // Slabs of 64 KiB: the first 50 meet 6 of them, 200 meet 25, as later ones do.
  ["a pool whose edges the first sizes meet", line(8313), line(8422), ofSlabs, "warm", undefined],
  ["a memory that stays as it grew", line(20), line(65_568), { ...ofSlabs, apart: 65_536 }, "cold", 20],
  ["what is paid between two sizes alone", line(736), line(868), once, "warm", undefined],
  ["a first population that shrinks", line(10), line(-4000), given, "warm", undefined],
  ["instances that differ by more", line(8304), line(8443), { ...given, spread: 0.12 }, "warm", undefined],
  ["intervals that overlap", line(80, 40), line(145.5, 40), given, "warm", undefined],
  ["instances that are kept", line(158), line(148.7), { ...given, kept: true }, "cold", undefined],
  [
    "instances that are kept, with a cost between two sizes",
    line(2542),
    bent(2700),
    keptOnce,
    "warm",
    undefined,
  ],
  // A cache of an addon that the warm-up filled makes later blocks cheaper; the first ones are all new.
  ["malloc that differs by 4 %", line(100_000), line(104_000), ofMalloc, "cold", undefined],
  ["malloc that differs by 0.9 %", line(100_000), line(100_900), ofMalloc, "warm", undefined],
  ["noisy malloc that differs by 4 %", line(100_000), line(104_000, 800), ofMalloc, "warm", undefined],
] as const)("%s", (_, warm, cold, conditions, from, other) => {
  const lead = leadingLine({ warm, cold }, conditions);
  expect([lead.from, lead.other?.perUnitBytes.value]).toEqual([from, other]);
});

test("of instances that are kept, the later sizes speak where the first one paid once and the others scatter", () => {
  const late = line(265);
  const lead = leadingLine(
    { warm: line(293, 90), cold: bent(273), late },
    { ...keptOnce, steps: [290, 265] },
  );
  expect(lead).toEqual({ from: "cold", fit: late, without: "first" });
});

test("of instances that are kept, the first sizes speak where something that is paid once came late", () => {
  // 131,072 B between the two largest sizes, 176 instances apart: 745 B each.
  const early = line(3050);
  const lead = leadingLine(
    { warm: line(3010, 90), cold: bent(3500), late: line(3795), early },
    { ...keptOnce, steps: [3050, 3795] },
  );
  expect(lead).toEqual({ from: "cold", fit: early, without: "last" });
});

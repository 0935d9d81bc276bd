import { expect, test } from "vitest";
import { heapAndExternal, pointsOf, retainedPerInstance } from "../../../src/analysis/trials.js";
import type { ProtocolData } from "../../../src/measure/protocol.js";
import type { SettledReading } from "../../../src/measure/settle.js";
import { theilSen } from "../../../src/base/stats/theil-sen.js";

function reading(count: number, created: number, heapBytes: number): SettledReading {
  return { count, created, heapBytes, externalBytes: 0, mallocBytes: 0, settled: true };
}

/** A process whose instances cost `alive` bytes and leave `left` behind, above a base of a million bytes. */
function process(alive: number, left: number): ProtocolData {
  const base = 1_000_000;
  let created = 100;
  const readings = [100, 200, 300, 100, 200, 300].map((count) => {
    created += count;
    return reading(count, created, base + alive * count + left * created);
  });
  return {
    gc: { call: "gc()", proof: ["MarkSweepCompact"], rejected: [] },
    baseline: reading(0, 0, base),
    cold: [],
    warm: reading(0, 100, base + left * 100),
    readings,
    end: reading(0, created, base + left * created),
    returnsNothing: false,
    createMs: 1,
  };
}

test("nothing is retained when the process comes back to where it was", () => {
  expect(retainedPerInstance(process(500, 0), heapAndExternal)).toBe(0);
});

test("what each instance leaves behind is found", () => {
  expect(retainedPerInstance(process(500, 40), heapAndExternal)).toBe(40);
});

test("growth of one table between two rounds is no leak", () => {
  const data = process(500, 0);
  data.end = reading(0, data.end.created, data.end.heapBytes + 8784);
  data.readings = data.readings.map((entry, index) => ({
    ...entry,
    heapBytes: entry.heapBytes + (index > 1 ? 8784 : 0),
  }));
  expect(retainedPerInstance(data, heapAndExternal)).toBe(0);
});

test("an instance that stays costs what it takes, alive and left behind alike", () => {
  // All 300 bytes stay: the level does not show in the readings, only how many were made.
  const data = process(0, 300);
  const points = pointsOf(data, heapAndExternal, retainedPerInstance(data, heapAndExternal));
  expect(theilSen(points)?.slope).toBe(300);
});

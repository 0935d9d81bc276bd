import type { ProtocolData } from "../measure/protocol.js";
import type { SettledReading } from "../measure/settle.js";
import type { Point } from "../base/stats/theil-sen.js";
import { median } from "../base/stats/median.js";

/** A counter of a settled reading, or a sum of them, in bytes. */
export type Counter = (reading: SettledReading) => number;

export const heapBytes: Counter = (reading) => reading.heapBytes;
export const externalBytes: Counter = (reading) => reading.externalBytes;
export const heapAndExternal: Counter = (reading) => reading.heapBytes + reading.externalBytes;
export const mallocBytes: Counter = (reading) => reading.mallocBytes;

/** Below this, what stays after a release is the drift of the instrument and not the subject's. */
const RETAINED_AT_LEAST_BYTES = 4096;

/**
 * Bytes that each instance left behind after it was dropped: growth of the empty process from the end of the
 * warm-up to the end, per instance made in between. 0 when it is within the instrument's drift, or when it did
 * not grow from each round to the next: a table that is enlarged once is no leak.
 */
export function retainedPerInstance(data: ProtocolData, counter: Counter): number {
  const growth = counter(data.end) - counter(data.warm);
  const made = data.end.created - data.warm.created;
  if (growth < RETAINED_AT_LEAST_BYTES || made === 0) return 0;
  const last = new Map<number, number>();
  for (const reading of data.readings) {
    const before = last.get(reading.count);
    const now = counter(reading);
    if (before !== undefined && now <= before) return 0;
    last.set(reading.count, now);
  }
  return growth / made;
}

/**
 * The readings of a trial as points (instances alive, bytes since the baseline). Where instances leave
 * something behind, what earlier populations left is taken off, so that a point holds its own population's
 * bytes, alive and left behind alike.
 */
export function pointsOf(data: ProtocolData, counter: Counter, retained: number): Point[] {
  const base = counter(data.baseline);
  return data.readings.map((reading) => ({
    x: reading.count,
    y: counter(reading) - base - retained * (reading.created - reading.count),
  }));
}

/** Median of the bytes since the baseline over the rounds at one level, or at the largest. */
export function bytesAtLargest(points: readonly Point[]): number {
  const largest = Math.max(...points.map(({ x }) => x));
  return median(points.filter(({ x }) => x === largest).map(({ y }) => y));
}

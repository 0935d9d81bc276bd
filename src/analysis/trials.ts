import { largestOf } from "../base/stats/extremes.js";
import { isAbsent } from "../system/probe/reading.js";
import type { ProtocolData } from "../measure/protocol.js";
import type { SettledReading } from "../measure/settle.js";
import type { Point } from "../base/stats/theil-sen.js";
import { median } from "../base/stats/median.js";

export type Counter = (reading: SettledReading) => number;

export const heapBytes: Counter = (reading) => reading.heapBytes;
export const externalBytes: Counter = (reading) => reading.externalBytes;
/** Malloc that V8 is not told of. */
export const undeclaredBytes: Counter = (reading) => mallocBytes(reading) - reading.externalBytes;
export const heapAndExternal: Counter = (reading) => reading.heapBytes + reading.externalBytes;
/** NaN where malloc was not read. A result shows such a value as absent, with {@link whyNoMalloc}. */
export const mallocBytes: Counter = ({ mallocBytes: malloc }) =>
  typeof malloc === "number" ? malloc : Number.NaN;

/** Why some reading of these trials has no malloc; undefined where each has. */
export function whyNoMalloc(trials: readonly { data: ProtocolData }[]): string | undefined {
  for (const { data } of trials) {
    const readings = [data.baseline, ...data.readings];
    const lacking = readings.find(({ mallocBytes: malloc }) => typeof malloc !== "number");
    if (lacking === undefined) continue;
    const { mallocBytes: malloc } = lacking;
    return isAbsent(malloc) ? malloc.absent : "malloc in use was not recorded";
  }
  return undefined;
}

/** Less than this after a release counts as drift of the instrument, not as memory of the subject. */
const RETAINED_AT_LEAST_BYTES = 4096;

/**
 * Bytes that each instance leaves behind after it was dropped: the growth of the empty process from the end
 * of the warm-up to the end, divided by the instances made in between. 0 when the growth is within the
 * instrument's drift, or when memory did not grow in every round: a table that is enlarged once is no leak.
 */
export function retainedPerInstance(data: ProtocolData, counter: Counter): number {
  const growth = counter(data.end) - counter(data.warm);
  const made = data.end.created - data.warm.created;
  // NaN is a counter that was not read; it must not pass for growth.
  if (!(growth >= RETAINED_AT_LEAST_BYTES) || made === 0) return 0;
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
 * Growth of the process to its end for each instance made after the first few, which also pay what is paid once (a
 * library that is loaded at first use).
 */
export function grownPerInstance(data: ProtocolData, counter: Counter): number {
  const { baseline, end } = data;
  const cold = coldOf(data);
  const from = cold.length > 1 ? (cold[0] ?? baseline) : baseline;
  return (counter(end) - counter(from)) / (end.created - from.created);
}

/**
 * The readings of a trial as points (instances alive, bytes since the baseline). Where instances leave memory
 * behind, the bytes of earlier populations are subtracted. So a point holds only the bytes of its own
 * population, both alive and left behind.
 */
export function pointsOf(data: ProtocolData, counter: Counter, retained: number): Point[] {
  const base = counter(data.baseline);
  return data.readings.map((reading) => ({
    x: reading.count,
    y: counter(reading) - base - retained * (reading.created - reading.count),
  }));
}

/** Empty for a journal of an earlier version. */
function coldOf(data: ProtocolData): SettledReading[] {
  return (data as { cold?: SettledReading[] }).cold ?? [];
}

/** The first population of the process, which only grew, as points. */
export function coldPointsOf(data: ProtocolData, counter: Counter): Point[] {
  const base = counter(data.baseline);
  return coldOf(data).map((reading) => ({ x: reading.count, y: counter(reading) - base }));
}

/** Median over the rounds of the bytes since the baseline, at the largest level. */
export function bytesAtLargest(points: readonly Point[]): number {
  const largest = largestOf(points.map(({ x }) => x));
  return median(points.filter(({ x }) => x === largest).map(({ y }) => y));
}

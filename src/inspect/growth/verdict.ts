import { isAbsent } from "../../system/probe/reading.js";
import type { Reading } from "../../system/probe/reading.js";
import type { RoundReading } from "./rounds.js";
import { largestOf, smallestOf } from "../../base/stats/extremes.js";

export type Verdict = "flat" | "grows" | "first-calls";

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** What one counter says over the rounds of one process. */
export interface Course {
  verdict: Verdict;
  /** Bytes a call in each of the last rounds. */
  perCall: number[];
  /** Over the last rounds together. */
  meanPerCall: number;
  /** What the first calls took once, if they did. */
  onceBytes: number;
  /** Bytes a call that the last round could not have told from none. */
  detectable: number;
  /** Whether the last round grew and one before it did not. */
  step: boolean;
}

const LAST_ROUNDS = 3;

/**
 * A counter grows when it grew in each of the last three rounds by more than `noiseBytes`. Each round has as
 * many calls as all before it together. So a table that doubles takes part in each, a cache with an upper limit
 * or code that is loaded late does not.
 */
export function courseOf(
  readings: readonly RoundReading[],
  bytesOf: (reading: RoundReading) => number,
  noiseBytes: number,
): Course {
  const last = readings.slice(-LAST_ROUNDS - 1);
  const steps = last.slice(1).map((reading, place) => {
    const before = last[place] as RoundReading;
    return { bytes: bytesOf(reading) - bytesOf(before), calls: reading.calls - before.calls };
  });
  const [first, warm, end, start] = [readings[0], readings[1], readings.at(-1), last[0]] as [
    RoundReading,
    RoundReading,
    RoundReading,
    RoundReading,
  ];
  const calls = end.calls - start.calls;
  const grown = steps.filter(({ bytes }) => bytes > noiseBytes).length;
  const once = bytesOf(start) - bytesOf(first);
  const filled =
    once > Math.max(AT_START_BYTES, 2 * noiseBytes) ||
    bytesOf(start) - bytesOf(warm) > Math.max(4 * noiseBytes, FILLED_BYTES);
  const verdict = grown === steps.length ? "grows" : filled ? "first-calls" : "flat";
  return {
    verdict,
    perCall: steps.map((step) => step.bytes / step.calls),
    meanPerCall: (bytesOf(end) - bytesOf(start)) / calls,
    onceBytes: once,
    detectable: noiseBytes / (steps.at(-1)?.calls ?? 1),
    step: grown < steps.length && (steps.at(-1)?.bytes ?? 0) > noiseBytes,
  };
}

/** The first calls of any function load code and compile it: those of an HTTP client take half a megabyte. */
const AT_START_BYTES = 2 ** 20;
/** What comes later and then stops is a cache, or a table that got its size. */
const FILLED_BYTES = 2 ** 16;

export function intervalOf(values: readonly number[], value: number): Interval {
  return { value, low: smallestOf(values), high: largestOf(values) };
}

/** A counter over all readings, or the reason why one lacks it. */
export function missing(
  readings: readonly RoundReading[],
  of: (reading: RoundReading) => Reading,
): string | undefined {
  const found = readings.map(of).find(isAbsent);
  return found?.absent;
}

import { largestOf, smallestOf } from "../base/stats/extremes.js";
import type { ProtocolData } from "../measure/protocol.js";
import type { Counter } from "./trials.js";

export interface NullControl {
  processes: number;
  /** Largest difference of heap + external between two populations of nothing in one process, bytes. */
  largestBytes: number;
}

/** V8 allocates whole words, so a reading cannot resolve less. */
const WORD_BYTES = 8;

export function nullControl(trials: readonly ProtocolData[], heapAndExternal: Counter): NullControl {
  const ranges = trials.map(({ readings }) => {
    const values = readings.map(heapAndExternal);
    return largestOf(values) - smallestOf(values);
  });
  return { processes: trials.length, largestBytes: largestOf([WORD_BYTES, ...ranges]) };
}

/**
 * The smallest cost of one unit that can be told from zero, when the levels span `units`. Without a null
 * control it is the resolution alone, and the result warns `no-null-control`.
 */
export function minimumDetectableBytes(control: NullControl | undefined, units: number): number {
  return (control?.largestBytes ?? WORD_BYTES) / Math.max(1, units);
}

import { isAbsent } from "../../system/probe/reading.js";
import { bytesIn } from "../../base/format.js";
import type { ResultRowReading } from "../../record/schema.js";

/** "unknown" has a reason: nothing is called equal that could not be compared. */
export type Verdict = "lighter" | "heavier" | "within noise" | "unknown";

export interface Judgement {
  verdict: Verdict;
  /** Of the medians, new less base, bytes. Absent where one of them is none. */
  differenceBytes?: number;
  /** The change is at least this, because the new reading is only known to be above a bound. */
  isLeast?: boolean;
  /** Why there is no verdict, or what a bound rests on. */
  reason?: string;
}

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/**
 * Judges bytes by their intervals and the least that can be told. A change counts where the two intervals lie
 * apart by more than `floorBytes` (what both runs can detect at all, added) and the width of the wider one.
 *
 * Two runs of one program have disjoint ranges of five trials in 2 of 252 cases whatever their noise is, which over
 * hundreds of figures would be an alarm; the width on top makes that rare beyond counting for noise without modes.
 * Exact readings have no width, and every byte above the floor counts.
 */
export function judge(base: Interval, next: Interval, floorBytes: number): Judgement {
  const apart = Math.max(floorBytes, 0) + Math.max(base.high - base.low, next.high - next.low);
  const differenceBytes = next.value - base.value;
  if (next.low - base.high > apart) return { verdict: "heavier", differenceBytes };
  if (base.low - next.high > apart) return { verdict: "lighter", differenceBytes };
  return { verdict: "within noise", differenceBytes };
}

/** Judges readings of any kind: an absent one gives no verdict, a bound a verdict where it decides. */
export function judgeReadings(
  base: ResultRowReading | undefined,
  next: ResultRowReading | undefined,
  floorBytes: number,
): Judgement {
  if (base === undefined || next === undefined)
    return { verdict: "unknown", reason: `${base === undefined ? "BASE" : "NEW"} has no such reading` };
  if (isAbsent(base)) return { verdict: "unknown", reason: `absent in BASE: ${base.absent}` };
  if (isAbsent(next)) return { verdict: "unknown", reason: `absent in NEW: ${next.absent}` };
  if ("above" in base) {
    if ("above" in next) return { verdict: "unknown", reason: "both are known only to be above a bound" };
    return next.high < base.above - floorBytes
      ? { verdict: "lighter", differenceBytes: next.value - base.above, isLeast: true, reason: base.reason }
      : { verdict: "unknown", reason: `BASE is known only to be above ${bytesIn(base.above, "B")} B` };
  }
  if ("above" in next) {
    return next.above > base.high + floorBytes
      ? { verdict: "heavier", differenceBytes: next.above - base.value, isLeast: true, reason: next.reason }
      : { verdict: "unknown", reason: `NEW is known only to be above ${bytesIn(next.above, "B")} B` };
  }
  return judge(base, next, floorBytes);
}

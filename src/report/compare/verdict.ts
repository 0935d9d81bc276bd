import { isAbsent } from "../../system/probe/reading.js";
import { bytesIn } from "../../base/format.js";
import type { Interval } from "../../base/stats/interval.js";
import type { ResultRowReading } from "../../record/schema.js";

/** "unknown" comes with a reason: what could not be compared is never called equal. */
export type Verdict = "lighter" | "heavier" | "within noise" | "unknown";

export interface Judgement {
  verdict: Verdict;
  /** New median minus base median, bytes. Absent if one of them is missing. */
  differenceBytes?: number;
  /** The change is at least this large, because the new reading is only known to be above a bound. */
  isLeast?: boolean;
  /** Why there is no verdict, or where a bound comes from. */
  reason?: string;
}

/**
 * Compares two intervals of bytes. A change counts if the gap between the intervals is larger than
 * `floorBytes` (the detection limits of both runs, added) plus the width of the wider interval.
 *
 * Two runs of the same program with five trials each have separate ranges in 2 of 252 cases, whatever their
 * noise is. Over hundreds of figures that would raise false alarms; the added width makes them very rare,
 * unless the noise has modes. Exact readings have no width, so for them every byte above the floor counts.
 */
export function judge(base: Interval, next: Interval, floorBytes: number): Judgement {
  const apart = Math.max(floorBytes, 0) + Math.max(base.high - base.low, next.high - next.low);
  const differenceBytes = next.value - base.value;
  if (next.low - base.high > apart) return { verdict: "heavier", differenceBytes };
  if (base.low - next.high > apart) return { verdict: "lighter", differenceBytes };
  return { verdict: "within noise", differenceBytes };
}

/**
 * Compares readings of any kind. An absent reading gives no verdict; a bound gives one if it is enough to
 * decide.
 */
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

import { meanOf } from "./memory-writes-run.js";

/** Sizes of the memory with all gates and with some of them, one size for each stream. */
export interface Evidence {
  threshold: number;
  steps: number;
  allOn: readonly number[];
  /** Without near merge. */
  off: readonly number[];
  /** With near merge and no other gate. */
  alone: readonly number[];
  /** With one of the other gates turned off, for each of them. */
  others: readonly { title: string; sizes: readonly number[] }[];
  /** Sizes with all gates on further streams, and as many predictions by random directions. */
  measured: readonly number[];
  predicted: readonly number[];
  /** Sizes with all gates, on streams without a shared direction. */
  unshared: readonly number[];
  /** For each event that reached the near-merge gate, the similarity that the gate compared with the threshold. */
  similarities: readonly number[];
}

export interface Verdict {
  confirmed: boolean;
  aboveShare: number;
  sentence: string;
}

/** Sizes that differ by a larger factor count as different. */
const FACTOR = 2;

/**
 * Decides whether near merge is what limits the memory. The memory must grow without near merge, stay as small with
 * near merge alone, stay as small without any one of the other gates, and have the size that random directions
 * predict.
 */
export function verdictOf(evidence: Evidence): Verdict {
  const { threshold, steps, allOn, off, alone, others, measured, predicted, unshared, similarities } =
    evidence;
  const size = meanOf(allOn);
  const byOther = others.map(({ title, sizes }) => ({ title, size: meanOf(sizes) }));
  const largest = Math.max(...byOther.map((other) => other.size));
  const ratio = meanOf(predicted) / meanOf(measured);
  const growing = byOther.filter((other) => other.size >= FACTOR * size).map(({ title }) => title);
  const failed = [
    ...(Math.min(...off) > FACTOR * Math.max(...allOn) ? [] : ["without near merge it hardly grows"]),
    ...(meanOf(alone) < FACTOR * size ? [] : ["near merge alone does not hold it"]),
    ...(growing.length === 0 ? [] : [`it grows with ${growing.join(", ")} as well`]),
    ...(ratio < FACTOR && ratio > 1 / FACTOR ? [] : ["random directions predict another size"]),
  ];
  const confirmed = failed.length === 0;
  const aboveShare = similarities.filter((each) => each >= threshold).length / similarities.length;
  const claim = confirmed
    ? "Confirmed, near merge holds the memory"
    : `Refuted, near merge is not the whole reason (${failed.join("; ")})`;
  return {
    confirmed,
    aboveShare,
    sentence:
      `${claim}: at near_merge_thr ${threshold} it stands at ${one(size)} items ` +
      `(${Math.min(...allOn)} to ${Math.max(...allOn)} over ${allOn.length} ${allOn.length === 1 ? "stream" : "streams"} of ${steps} steps). ` +
      `Without near merge it has ${one(meanOf(off))}, with near merge alone ${one(meanOf(alone))}, ` +
      `and without any one of the other gates at most ${one(largest)}. ` +
      `Of the events that came to the gate ${one(100 * aboveShare)} % were as similar to the nearest items as the threshold, ` +
      `at a mean of ${meanOf(similarities).toFixed(2)}; random directions about the stream's expected similarities predict ${one(meanOf(predicted))} items where ${measured.length} streams gave ${one(meanOf(measured))}. ` +
      `On streams whose events share no direction it stands at ${one(meanOf(unshared))}.`,
  };
}

function one(value: number): string {
  return value.toFixed(1);
}

import { largestOf } from "../base/stats/extremes.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import type { ResultRow, ResultRowReading } from "../record/schema.js";
import type { CellEnd } from "../record/cell-end.js";
import { isOutOfMemory } from "../record/cell-end.js";
import { rangeInterval } from "../base/stats/interval.js";

/** Median and range of a number over trials. A value that is absent in one trial is absent in the row. */
function overTrials(values: readonly ResultRowReading[]): ResultRowReading {
  const special = values.find((value) => !("value" in value));
  if (special !== undefined) return special;
  if (values.length === 0) return absent("no trial finished");
  return rangeInterval(values.map((value) => (value as { value: number }).value));
}

/**
 * High-water mark of the cells' process trees. Where a cell ran out of memory there is only a bound: it would
 * have needed more than the cap.
 */
export function peakOf(ends: readonly CellEnd[]): ResultRowReading {
  const censored = ends
    .filter(({ outcome }) => isOutOfMemory(outcome))
    .toSorted((a, b) => (a.aboveBytes ?? 0) - (b.aboveBytes ?? 0))[0];
  if (censored !== undefined) {
    const { aboveBytes, memory, outcome } = censored;
    const reason = censored.cause === undefined ? outcome : `${outcome}: ${censored.cause}`;
    const held = isAbsent(memory.peakBytes) ? undefined : memory.peakBytes;
    const above = aboveBytes ?? held;
    return above === undefined ? absent(reason) : { above, reason };
  }
  return overTrials(
    ends.map(({ memory }) =>
      isAbsent(memory.peakBytes)
        ? memory.peakBytes
        : { value: memory.peakBytes, low: memory.peakBytes, high: memory.peakBytes },
    ),
  );
}

/** The caps of a row's cells and how they were enforced; empty where there was no cap. */
export function limitsOf(ends: readonly CellEnd[]): Pick<ResultRow, "capBytes" | "enforcement"> {
  const capped = ends.filter(({ memory }) => memory.capBytes !== undefined);
  if (capped.length === 0) return {};
  return {
    // A retry may have a larger cap than the trials before it.
    capBytes: largestOf(capped.map(({ memory }) => memory.capBytes ?? 0)),
    enforcement: [...new Set(capped.map(({ memory }) => memory.enforcement))].join(", "),
  };
}

import type { Estimate } from "../experiment/define.js";
import type { Result } from "../record/schema.js";

/**
 * Compares each estimate with the measured bytes of one unit. Splits the difference into the kinds that the
 * estimate does not cover and its error on the kinds that it covers.
 */
export function compareEstimates(
  estimates: readonly Estimate[],
  measured: number,
  kinds: Result["kinds"],
): Result["estimates"] {
  return estimates.map(({ name, bytes, formula, covers = [] }) => ({
    name: name ?? formula,
    perUnitBytes: bytes,
    formula,
    comparison: {
      measuredOverEstimate: measured / bytes,
      residualBytes: measured - bytes,
      residual: residualOf(bytes, measured, kinds, covers),
    },
  }));
}

function residualOf(
  estimated: number,
  measured: number,
  kinds: Result["kinds"],
  covers: readonly string[],
): { name: string; bytes: number }[] {
  if (kinds.length === 0) return [];
  const covered = kinds.filter(({ kind }) => covers.includes(kind));
  const parts = kinds
    .filter(({ kind }) => !covers.includes(kind))
    .map(({ kind, bytes }) => ({ name: kind, bytes }));
  const coveredBytes = covered.reduce((sum, { bytes }) => sum + bytes, 0);
  const label =
    covered.length === 0
      ? "the estimate, which covers none of these"
      : `${covers.join(", ")} less the estimate`;
  const all = [{ name: label, bytes: coveredBytes - estimated }, ...parts];
  const explained = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const rest = measured - estimated - explained;
  if (Math.abs(rest) >= 0.05) all.push({ name: "slope beyond the snapshot", bytes: rest });
  return all;
}

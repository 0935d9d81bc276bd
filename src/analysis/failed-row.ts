import { absent } from "../system/probe/reading.js";
import type { ResultRow } from "../record/schema.js";
import { isOutOfMemory } from "../record/cell-end.js";
import { limitsOf, peakOf } from "./cell-memory.js";
import type { FailedCell } from "./collected.js";

/**
 * The row of a cell in which no trial answered. If memory ran out, the row has a bound; otherwise its values
 * are unknown, with the cause.
 */
export function failedRow(
  shared: Pick<ResultRow, "factors" | "instances" | "unitsPerInstance">,
  failures: readonly FailedCell[],
): ResultRow {
  // Prefer a trial that ran out of memory: it tells more than a crash of another trial.
  const failure = failures.find(({ outcome }) => isOutOfMemory(outcome)) ?? failures[0];
  const cause = failure?.cause ?? "the run was interrupted before this cell";
  const ends = failures.flatMap(({ end }) => (end === undefined ? [] : [end]));
  const isMemory = failure !== undefined && isOutOfMemory(failure.outcome);
  return {
    ...shared,
    ...limitsOf(ends),
    outcome: failure?.outcome ?? "interrupted",
    trials: 0,
    cause,
    readings: isMemory ? { peakBytes: peakOf(ends) } : {},
    perUnitBytes: absent(failure === undefined ? cause : `${failure.outcome}: ${cause}`),
  };
}

/** Cells without a result. A cell that ran out of memory has a result. */
export function missingCells(failed: readonly FailedCell[], rows: readonly ResultRow[]): string[] {
  const failures = failed
    .filter(
      ({ outcome }) => outcome !== "interrupted" && (!isOutOfMemory(outcome) || outcome === "oom-watchdog"),
    )
    .map(({ label, outcome, cause }) => `${label}: ${outcome}: ${cause}`);
  const never = rows
    .filter(({ outcome }) => outcome === "interrupted")
    .map(({ factors }) => `${JSON.stringify(factors)}: interrupted`);
  return [...failures, ...never];
}

/** Says how many cells are missing, and why the first is. */
export function missingSentence(missing: readonly string[]): string {
  const first = (missing[0] ?? "").replace(/\.$/, "");
  return missing.length === 1
    ? `1 cell has no result: ${first}.`
    : `${missing.length} cells have no result; the first: ${first}.`;
}

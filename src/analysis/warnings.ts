import { isAbsent } from "../system/probe/reading.js";
import type { Result, ResultWarning } from "../record/schema.js";
import type { Collected } from "./collected.js";

const AGREEMENT = 0.01;
const WIDE_INTERVAL = 0.01;

/**
 * Finds every reason to doubt the result that the readings show. Each warning has a name that scripts can
 * search for.
 */
export function warningsOf(
  result: Result,
  collected: Collected,
  retained: number,
  ownSlope: boolean,
): ResultWarning[] {
  const warnings: ResultWarning[] = [];
  const warn = (name: string, message: string): void => void warnings.push({ name, message });
  const { fit, crossCheck, unit } = result;

  const unsettled = collected.rows
    .flatMap(({ data }) => data.readings)
    .filter(({ settled }) => !settled).length;
  if (unsettled > 0) {
    warn(
      "not-settled",
      `${unsettled} readings never agreed with the one before, after ten collections each.`,
    );
  }
  if (retained > 0) {
    warn(
      "retained-after-release",
      `Each instance left ${bytes(retained)} behind after it was dropped (a registry, cache or listener that the subject keeps?); these bytes are counted in bytes per ${unit}.`,
    );
  }
  if (result.environment.compilers === "on") {
    warn(
      "compilers-on",
      "The optimising compilers were on: code that they made during the measurement is in the readings.",
    );
  }
  if (!isAbsent(fit)) {
    const { perUnitBytes, shape, largestDeviation } = fit;
    if (shape === "steps" || shape === "growing" || shape === "shrinking") {
      warn(
        "not-linear",
        `The readings are not on one line (${shape}; a level lies ${percent(largestDeviation)} of the rise off it): bytes per ${unit} depend on how many there are.`,
      );
    }
    const width = (perUnitBytes.high - perUnitBytes.low) / Math.abs(perUnitBytes.value);
    if (width > WIDE_INTERVAL && perUnitBytes.high - perUnitBytes.low > result.minimumDetectableBytes) {
      warn("wide-interval", `The processes differ by ${percent(width)}.`);
    }
    if (Math.abs(perUnitBytes.value) <= result.minimumDetectableBytes) {
      warn(
        "below-detection",
        `Nothing was detected: ${bytes(perUnitBytes.value)} is within the ${bytes(result.minimumDetectableBytes)} that a subject of no cost reads.`,
      );
    }
    if (!ownSlope) unevenRows(result, perUnitBytes.value, warn);
    if (fit.processes < 3)
      warn(
        "few-processes",
        `The interval rests on ${fit.processes} ${fit.processes === 1 ? "process" : "processes"}.`,
      );
    nativeDoubts(result, warn);
  }
  if (isAbsent(crossCheck)) {
    if (crossCheck.absent !== "no snapshot was asked for")
      warn("no-cross-check", `There is no snapshot to compare with: ${crossCheck.absent}`);
  } else {
    const same = relative(crossCheck.snapshotPerUnitBytes, crossCheck.sameInstancesPerUnitBytes);
    const measured = crossCheck.relativeDifference;
    const small = Math.abs(crossCheck.snapshotPerUnitBytes - crossCheck.slopePerUnitBytes) <= 1;
    if (Math.abs(measured) > AGREEMENT && !small) {
      if (Math.abs(same) <= AGREEMENT) {
        warn(
          "uneven-instances",
          `The ${crossCheck.instances} instances of the snapshot cost ${percent(measured)} against the line over all of them, and the heap says the same of them: the instances differ in size.`,
        );
      } else {
        warn(
          "methods-disagree",
          `Slope and snapshot differ by ${percent(measured)}: ${bytes(crossCheck.slopePerUnitBytes)} and ${bytes(crossCheck.snapshotPerUnitBytes)} per ${unit}.`,
        );
      }
    }
  }
  if (isAbsent(result.nullControl)) {
    warn(
      "no-null-control",
      "No null control finished: the minimum detectable bytes are the resolution of the instrument and not its noise.",
    );
  }
  const duplicates = collected.snapshot?.summary.duplicates ?? 0;
  if (duplicates > 0)
    warn(
      "shared-instances",
      `create returned an object that it had returned before ${duplicates} times; it is counted once.`,
    );
  const cells = result.missing.length;
  if (cells > 0)
    warn(
      "cells-missing",
      `${cells} ${cells === 1 ? "cell has" : "cells have"} no result; see the list of missing cells.`,
    );
  return warnings;
}

/**
 * Warns of rows whose bytes per unit differ from the line: their units differ in size, which repetitions
 * cannot show.
 */
function unevenRows(result: Result, slope: number, warn: (name: string, message: string) => void): void {
  const values = result.rows.flatMap(({ perUnitBytes }) =>
    isAbsent(perUnitBytes) ? [] : [perUnitBytes.value],
  );
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (Math.max(slope - low, high - slope) <= AGREEMENT * slope) return;
  warn(
    "uneven-units",
    `Less the fixed cost, one ${result.unit} takes ${bytes(low)} to ${bytes(high)} from row to row: they differ in size, and the interval speaks of the instrument, not of that spread.`,
  );
}

/** Compares declared external memory with measured malloc. */
function nativeDoubts(result: Result, warn: (name: string, message: string) => void): void {
  const { fit, unit } = result;
  if (isAbsent(fit) || isAbsent(fit.nativePerUnitBytes) || isAbsent(fit.externalPerUnitBytes)) return;
  const native = (fit.nativePerUnitBytes as { value: number }).value;
  const external = (fit.externalPerUnitBytes as { value: number }).value;
  const difference = native - external;
  const total = fit.perUnitBytes.value;
  if (Math.abs(difference) <= Math.max(64, 0.05 * Math.abs(total))) return;
  warn(
    difference > 0 ? "native-undeclared" : "external-overdeclared",
    difference > 0
      ? `malloc holds ${bytes(native)} per ${unit} of which ${bytes(external)} are declared to V8; the rest is in no JavaScript counter.`
      : `${bytes(external)} per ${unit} are declared to V8 as external, malloc holds ${bytes(native)}.`,
  );
}

function relative(value: number, reference: number): number {
  return reference === 0 ? (value === 0 ? 0 : 1) : value / reference - 1;
}

function bytes(value: number): string {
  return `${value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1 ? 3 : 1 })} B`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

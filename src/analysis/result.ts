import type { Factors } from "../experiment/define.js";
import type { Calibration } from "../measure/calibration.js";
import type { Reading } from "../system/probe/reading.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import type { Result, ResultReading, ResultRow } from "../record/schema.js";
import { RESULT_SCHEMA } from "../record/schema-version.js";
import { isOutOfMemory } from "../record/cell-end.js";
import { rangeInterval } from "../base/stats/interval.js";
import type { Point } from "../base/stats/theil-sen.js";
import { median } from "../base/stats/median.js";
import { theilSen } from "../base/stats/theil-sen.js";
import { calibrationRecord } from "./calibration.js";
import { capacityOf } from "./capacity.js";
import type { Collected, Trial } from "./collected.js";
import { limitsOf } from "./cell-memory.js";
import { compareEstimates } from "./estimates.js";
import type { ExperimentRecord, GridPoint } from "../record/experiment-record.js";
import { failedRow, missingCells } from "./failed-row.js";
import type { Fit } from "./fit.js";
import { fitProcesses } from "./fit.js";
import { balance } from "./ledger.js";
import { minimumDetectableBytes, nullControl } from "./null-control.js";
import { tableRecord } from "./table-record.js";
import type { Counter } from "./trials.js";
import {
  bytesAtLargest,
  externalBytes,
  heapAndExternal,
  heapBytes,
  mallocBytes,
  pointsOf,
  retainedPerInstance,
} from "./trials.js";
import { warningsOf } from "./warnings.js";

export interface AnalysisInput {
  experiment: ExperimentRecord;
  collected: Collected;
  calibration: Calibration;
  identity: Pick<Result, "runId" | "startedAt" | "finishedAt" | "environment" | "settings">;
}

/**
 * Derives the result of one experiment from the answers of its cells. Pure: the same input gives the same
 * result.
 */
export function analyse(input: AnalysisInput): Result {
  const { experiment, collected, calibration, identity } = input;
  const grid = experiment.grid.map(({ factors }) => factors);
  const unitsOf = (factors: Factors): number => pointOf(experiment, factors)?.units ?? 1;
  const retained = retainedOf(collected.rows);
  const control =
    collected.nulls.length === 0
      ? undefined
      : nullControl(
          collected.nulls.map(({ data }) => data),
          heapAndExternal,
          mallocBytes,
        );

  const unitsOverLine = levelSpan(collected.rows) * unitSpan(collected.rows, unitsOf);
  const detectable = minimumDetectableBytes(control, unitsOverLine);
  const processes = (counter: Counter, keep: number): Point[][] =>
    experiment.ownSlope
      ? ownSlopes(collected.rows, counter, keep, unitsOf)
      : acrossRows(collected.rows, counter, keep, unitsOf);
  // If the instances differ in size, the line is fitted over the units in an instance, and its y values are
  // the bytes of one instance. An error of a reading is then shared by all instances between two levels.
  const overInstances = experiment.ownSlope && differInUnits(collected.rows, unitsOf);
  const noise = (control?.largestBytes ?? 0) / (overInstances ? levelSpan(collected.rows) : 1);
  const several = groupsOf(experiment, grid) > 1;
  const fit = several ? undefined : fitProcesses(processes(heapAndExternal, retained), noise);
  const native = several ? undefined : fitProcesses(processes(mallocBytes, 0), noise);
  const external = several ? undefined : fitProcesses(processes(externalBytes, 0), noise);

  const rows = grid.map((factors) => rowOf(input, factors, retained, fit, unitsOf(factors)));
  const trials = Math.max(...rows.map((row) => row.trials));
  const snapshot = snapshotOf(input, unitsOf, fit, rows);
  const ledger = ledgerOf(collected.rows);
  const kinds = snapshot?.kinds ?? [];
  const estimates =
    fit === undefined ? [] : compareEstimates(experiment.estimates, fit.perUnitBytes.value, kinds);
  const first = estimates[0];
  const fitRecord: Result["fit"] =
    fit === undefined
      ? absent(whyNoFit(collected, several))
      : {
          ...fit,
          nativePerUnitBytes: intervalOrAbsent(native),
          externalPerUnitBytes: intervalOrAbsent(external),
        };

  const result: Result = {
    schema: RESULT_SCHEMA,
    experiment: experiment.experiment,
    title: experiment.title,
    ...(experiment.question === undefined ? {} : { question: experiment.question }),
    unit: experiment.unit,
    ...identity,
    complete:
      !collected.interrupted &&
      rows.every((row) => isOutOfMemory(row.outcome) || (row.outcome === "ok" && row.trials === trials)),
    missing: missingCells(collected.failed, rows),
    rows,
    fit: fitRecord,
    crossCheck: snapshot?.crossCheck ?? absent(whyNoSnapshot(collected)),
    minimumDetectableBytes: detectable,
    nullControl:
      control === undefined
        ? absent("no null control finished")
        : {
            processes: control.processes,
            largestBytes: control.largestBytes,
            pssBytes: largestLedgerChange(collected.nulls, "pssBytes"),
            rssBytes: largestLedgerChange(collected.nulls, "rssBytes"),
          },
    breakdown: snapshot?.breakdown ?? [],
    kinds,
    waste: snapshot?.waste ?? [],
    ledger,
    ...(first === undefined
      ? {}
      : {
          estimate: { name: first.name, perUnitBytes: first.perUnitBytes, formula: first.formula },
          comparison: first.comparison,
        }),
    estimates,
    ...capacityOf(experiment.unit, fitRecord),
    calibration: calibrationRecord(calibration),
    ...(experiment.table === undefined ? {} : { table: tableRecord(experiment.table) }),
    warnings: [],
  };
  result.warnings = warningsOf(result, collected, retained, experiment.ownSlope);
  return result;
}

function pointOf(experiment: ExperimentRecord, factors: Factors): GridPoint | undefined {
  const key = JSON.stringify(factors);
  return experiment.grid.find((point) => JSON.stringify(point.factors) === key);
}

/** Bytes that each instance leaves behind, from the trials that made the most instances. */
function retainedOf(rows: readonly Trial[]): number {
  const largest = Math.max(0, ...rows.map(({ instances }) => instances));
  const values = rows
    .filter(({ instances }) => instances === largest)
    .map(({ data }) => retainedPerInstance(data, heapAndExternal));
  return values.length === 0 ? 0 : median(values);
}

/**
 * Number of instances between the smallest and the largest population. An error in a reading is divided by
 * it.
 */
function levelSpan(rows: readonly Trial[]): number {
  const counts = rows.flatMap(({ data }) => data.readings.map(({ count }) => count));
  if (counts.length === 0) return 1;
  return Math.max(1, Math.max(...counts) - Math.min(...counts));
}

/**
 * Units between the smallest and the largest instance; if all instances are alike, the units of one instance.
 */
function unitSpan(rows: readonly Trial[], unitsOf: (factors: Factors) => number): number {
  const units = rows.map(({ factors }) => unitsOf(factors));
  if (units.length === 0) return 1;
  return differInUnits(rows, unitsOf) ? Math.max(...units) - Math.min(...units) : Math.max(...units);
}

function differInUnits(rows: readonly Trial[], unitsOf: (factors: Factors) => number): boolean {
  return new Set(rows.map(({ factors }) => unitsOf(factors))).size > 1;
}

/** Treats each trial of the whole grid as one process: points (units, bytes) at every population. */
function acrossRows(
  rows: readonly Trial[],
  counter: Counter,
  retained: number,
  unitsOf: (factors: Factors) => number,
): Point[][] {
  return [...byTrial(rows).values()].map((trial) =>
    trial.flatMap(({ data, factors }) =>
      pointsOf(data, counter, retained).map(({ x, y }) => ({ x: x * unitsOf(factors), y })),
    ),
  );
}

/**
 * Slopes where each cell has its own. If instances differ in units, each trial gives one line over (units in
 * an instance, bytes of an instance). If all are alike, each cell gives its own line.
 */
function ownSlopes(
  rows: readonly Trial[],
  counter: Counter,
  retained: number,
  unitsOf: (factors: Factors) => number,
): Point[][] {
  if (!differInUnits(rows, unitsOf)) {
    return rows.map(({ data, factors }) =>
      pointsOf(data, counter, retained).map(({ x, y }) => ({ x: x * unitsOf(factors), y })),
    );
  }
  return [...byTrial(rows).values()].map((trial) =>
    trial.flatMap(({ data, factors }) => {
      const line = theilSen(pointsOf(data, counter, retained));
      return line === undefined ? [] : [{ x: unitsOf(factors), y: line.slope }];
    }),
  );
}

function byTrial(rows: readonly Trial[]): Map<number, Trial[]> {
  const groups = new Map<number, Trial[]>();
  for (const row of rows) groups.set(row.trial, [...(groups.get(row.trial) ?? []), row]);
  return groups;
}

/** Number of different levels of the factors that neither are the population nor change the units. */
function groupsOf(experiment: ExperimentRecord, grid: readonly Factors[]): number {
  if (experiment.population === undefined && experiment.hasUnits) return 1;
  const keys = grid.map((factors) =>
    JSON.stringify(Object.entries(factors).filter(([name]) => name !== experiment.population)),
  );
  return new Set(keys).size;
}

function rowOf(
  input: AnalysisInput,
  factors: Factors,
  retained: number,
  fit: Fit | undefined,
  units: number,
): ResultRow {
  const { collected, experiment } = input;
  const same = (other: Factors): boolean => JSON.stringify(other) === JSON.stringify(factors);
  const trials = collected.rows.filter((trial) => same(trial.factors));
  const instances = pointOf(experiment, factors)?.instances ?? 1;
  const shared = { factors, instances, unitsPerInstance: units };
  if (trials.length === 0)
    return failedRow(
      shared,
      collected.failed.filter((cell) => cell.role === "row" && same(cell.factors)),
    );
  const points = trials.map(({ data }) => pointsOf(data, heapAndExternal, retained));
  const perInstance = experiment.ownSlope
    ? points.map((own) => theilSen(own)?.slope ?? Number.NaN)
    : points.map((own) => (bytesAtLargest(own) - (fit?.fixedBytes.value ?? 0)) / instances);
  return {
    ...shared,
    ...limitsOf(trials.map(({ end }) => end)),
    outcome: "ok",
    trials: trials.length,
    readings: {
      heapBytes: rowReading(trials, heapBytes, retained),
      externalBytes: rowReading(trials, externalBytes, 0),
      nativeBytes: rowReading(trials, mallocBytes, 0),
      pssBytes: ledgerReading(trials, "pssBytes"),
      rssBytes: ledgerReading(trials, "rssBytes"),
    },
    perInstanceBytes: rangeInterval(perInstance),
    perUnitBytes: rangeInterval(perInstance.map((bytes) => bytes / units)),
  };
}

function rowReading(trials: readonly Trial[], counter: Counter, retained: number): ResultReading {
  const values = trials.map(({ data }) => bytesAtLargest(pointsOf(data, counter, retained)));
  return values.every(Number.isFinite) ? rangeInterval(values) : absent("malloc in use cannot be read here");
}

type LedgerCounter = "pssBytes" | "rssBytes";

function ledgerChanges(trials: readonly Trial[], counter: LedgerCounter): Reading[] {
  return trials.map(({ ledger }) => {
    if (ledger === undefined) return absent("the cell wrote no ledger");
    const [before, after] = [ledger.before[counter], ledger.after[counter]];
    if (isAbsent(before)) return before;
    return isAbsent(after) ? after : after - before;
  });
}

function ledgerReading(trials: readonly Trial[], counter: LedgerCounter): ResultReading {
  const changes = ledgerChanges(trials, counter);
  const missing = changes.find(isAbsent);
  if (missing !== undefined) return { absent: missing.absent };
  return changes.length === 0 ? absent("no trial finished") : rangeInterval(changes as number[]);
}

/** The largest change, up or down, that the null control showed. */
function largestLedgerChange(trials: readonly Trial[], counter: LedgerCounter): ResultReading {
  const changes = ledgerChanges(trials, counter);
  const missing = changes.find(isAbsent);
  if (missing !== undefined) return { absent: missing.absent };
  return changes.length === 0
    ? absent("no null control finished")
    : rangeInterval((changes as number[]).map(Math.abs));
}

/** The ledger at the largest population, of the trial with the median of unexplained bytes. */
function ledgerOf(rows: readonly Trial[]): Result["ledger"] {
  const largest = Math.max(0, ...rows.map(({ instances }) => instances));
  const balances = rows.flatMap(({ instances, ledger }) => {
    if (instances !== largest || ledger === undefined) return [];
    return [balance(ledger.before, ledger.after)];
  });
  const missing = balances.find(isAbsent);
  if (missing !== undefined) return { absent: missing.absent };
  const complete = (balances as Exclude<(typeof balances)[number], { absent: string }>[]).sort(
    (a, b) => a.unexplainedBytes - b.unexplainedBytes,
  );
  const middle = complete[complete.length >> 1];
  return middle === undefined ? absent("no cell wrote a ledger") : { instances: largest, ...middle };
}

function snapshotOf(
  input: AnalysisInput,
  unitsOf: (factors: Factors) => number,
  fit: Fit | undefined,
  rows: readonly ResultRow[],
): (Pick<Result, "breakdown" | "kinds" | "waste"> & { crossCheck: Result["crossCheck"] }) | undefined {
  const { snapshot } = input.collected;
  if (snapshot === undefined) return undefined;
  const { summary, cell, factors } = snapshot;
  const units = cell.instances * unitsOf(factors);
  const row = rows.find((candidate) => JSON.stringify(candidate.factors) === JSON.stringify(factors));
  // The slope of this cell if every cell has one, else the line over several cells.
  const slope = input.experiment.ownSlope ? row?.perUnitBytes : fit?.perUnitBytes;
  const perUnit = summary.bytes / units;
  return {
    breakdown: summary.classes.map(({ type, bytes, count }) => ({
      type,
      bytes: bytes / units,
      count: count / units,
    })),
    kinds: summary.kinds.map(({ kind, bytes, count }) => ({
      kind,
      bytes: bytes / units,
      count: count / units,
    })),
    waste: summary.waste.map(({ name, bytes, advice }) => ({
      name,
      bytes: isAbsent(bytes) ? { absent: bytes.absent } : bytes / units,
      note: advice,
    })),
    crossCheck:
      slope === undefined || isAbsent(slope)
        ? absent("there is no slope to compare the snapshot with")
        : {
            snapshotPerUnitBytes: perUnit,
            slopePerUnitBytes: slope.value,
            relativeDifference: relative(perUnit, slope.value),
            instances: cell.instances,
            factors: withoutPopulation(input.experiment, factors),
            sameInstancesPerUnitBytes: (cell.heapChangePerInstanceBytes * cell.instances) / units,
          },
  };
}

function withoutPopulation(experiment: ExperimentRecord, factors: Factors): Factors {
  return Object.fromEntries(Object.entries(factors).filter(([name]) => name !== experiment.population));
}

function relative(value: number, reference: number): number {
  if (value === reference) return 0;
  return reference === 0 ? Math.sign(value) : value / reference - 1;
}

function intervalOrAbsent(fit: Fit | undefined): ResultReading {
  if (fit === undefined || !Number.isFinite(fit.perUnitBytes.value))
    return absent("malloc in use cannot be read here");
  return fit.perUnitBytes;
}

function whyNoFit(collected: Collected, several: boolean): string {
  if (several) return "the grid has several factors; each row has its own bytes per unit";
  return collected.rows.length === 0 ? "no cell finished" : "a line needs two populations of different size";
}

function whyNoSnapshot({ failed, interrupted }: Collected): string {
  const failure = failed.find(({ role }) => role === "snapshot");
  if (failure !== undefined) return failure.cause;
  return interrupted ? "the run was interrupted" : "no snapshot was asked for";
}

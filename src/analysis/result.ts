import { largestOf, smallestOf } from "../base/stats/extremes.js";
import type { Factors } from "../experiment/define.js";
import type { ProtocolData } from "../measure/protocol.js";
import type { Calibration } from "../measure/calibration.js";
import type { Reading } from "../system/probe/reading.js";
import type { Absent } from "../system/probe/reading.js";
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
import type { Lead } from "./lead.js";
import type { KernelLine, SizedLedger } from "./kernel.js";
import { kernelLine } from "./kernel.js";
import { leadingLine } from "./lead.js";
import { leakOf } from "./leak.js";
import { balance } from "./ledger.js";
import { ofOtherNumber } from "./other-number.js";
import { heldWithoutReserves, leftWithoutReserves, mallocOfGrown } from "./reserves.js";
import { minimumDetectableBytes, nullControl } from "./null-control.js";
import { tableRecord } from "./table-record.js";
import type { SnapshotCellData } from "../measure/snapshot-cell.js";
import { unitsOf as spreadOf } from "./units.js";
import { addUp, withShared } from "./total.js";
import type { Counter } from "./trials.js";
import {
  bytesAtLargest,
  coldPointsOf,
  externalBytes,
  grownPerInstance,
  heapAndExternal,
  heapBytes,
  mallocBytes,
  pointsOf,
  retainedPerInstance,
  whyNoMalloc,
} from "./trials.js";
import { warningsOf } from "./warnings.js";

export interface AnalysisInput {
  experiment: ExperimentRecord;
  collected: Collected;
  calibration: Calibration;
  /** Whether what the units refer to and do not hold alone is divided among them. */
  countShared?: boolean;
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
        );

  const unitsOverLine = levelSpan(collected.rows) * unitSpan(collected.rows, unitsOf);
  const detectable = minimumDetectableBytes(control, unitsOverLine);
  const grown = mallocOfGrown(collected.growths);
  const leftMalloc = leftWithoutReserves(retainedOf(collected.rows, mallocBytes), grown);
  const warm =
    (counter: Counter, left: number): PointsOf =>
    (data) =>
      pointsOf(data, counter, left);
  const cold =
    (counter: Counter): PointsOf =>
    (data) =>
      coldPointsOf(data, counter);
  const processes = (points: PointsOf): Point[][] =>
    experiment.ownSlope
      ? ownSlopes(collected.rows, points, unitsOf)
      : acrossRows(collected.rows, points, unitsOf);
  // If the instances differ in size, the line is fitted over the units in an instance, and its y values are
  // the bytes of one instance. An error of a reading is then shared by all instances between two levels.
  const overInstances = experiment.ownSlope && differInUnits(collected.rows, unitsOf);
  const noise = (control?.largestBytes ?? 0) / (overInstances ? levelSpan(collected.rows) : 1);
  const several = groupsOf(experiment, grid) > 1;
  const fitOf = (points: PointsOf): Fit | undefined =>
    several ? undefined : fitProcesses(processes(points), noise);
  const lead = leadingLine(
    {
      warm: fitOf(warm(heapAndExternal, retained)),
      cold: fitOf(cold(heapAndExternal)),
      late: fitOf((data) => cold(heapAndExternal)(data).slice(1)),
      early: fitOf((data) => cold(heapAndExternal)(data).slice(0, -1)),
    },
    {
      kept: retained > 0,
      instances: levelSpan(collected.rows),
      steps: coldSlopes(collected.rows, heapAndExternal, unitsOf),
      apart: apartAtEnds(collected.rows, heapAndExternal, unitsOf),
      spread: spreadShare(collected),
    },
  );
  const { fit } = lead;
  const nativeLead = leadingLine(
    { warm: fitOf(warm(mallocBytes, leftMalloc)), cold: fitOf(cold(mallocBytes)) },
    {
      kept: leftMalloc > 0,
      instances: levelSpan(collected.rows),
      steps: coldSlopes(collected.rows, mallocBytes, unitsOf),
      apart: apartAtEnds(collected.rows, mallocBytes, unitsOf),
      isMalloc: true,
    },
  );
  const native = nativeLead.fit;
  const isKept = isKeptWhole(lead, retained) && leftMalloc > 0 && !tellsWhatIsLeft(native, leftMalloc);
  // Over the same sizes as the leading line, of which it is a part.
  const external = fitOf(
    lead.from === "warm" ? warm(externalBytes, 0) : (data) => sizesOf(lead, cold(externalBytes)(data)),
  );
  const pointsFrom = (counter: Counter, left: number): PointsOf =>
    lead.from === "cold" ? cold(counter) : warm(counter, left);

  const rows = grid.map((factors) =>
    rowOf(input, factors, pointsFrom, { retained, leftMalloc }, fit, unitsOf(factors)),
  );
  const trials = largestOf(rows.map((row) => row.trials));
  const snapshot = snapshotOf(input, unitsOf, fit, rows);
  const ledger = ledgerOf(collected.rows);
  const kinds = snapshot?.kinds ?? [];
  const estimates =
    fit === undefined ? [] : compareEstimates(experiment.estimates, fit.perUnitBytes.value, kinds);
  const first = estimates[0];
  const nativeRead = isKept
    ? grownMalloc(collected.rows, unitsOf)
    : intervalOrAbsent(native, whyNoMalloc(collected.rows));
  const grownUnits = unitsOf(collected.growths[0]?.factors ?? {});
  const { reading: nativeReading, hadReserves } = heldWithoutReserves(nativeRead, grown, {
    levels: levelSpan(collected.rows),
    units: grownUnits,
  });
  const externalReading = intervalOrAbsent(external, undefined);
  const kernel = several ? absent("the grid has several factors") : kernelOf(collected, unitsOf);
  const fitRecord: Result["fit"] =
    fit === undefined
      ? absent(whyNoFit(collected, several))
      : {
          ...fit,
          readFrom: lead.from,
          nativePerUnitBytes: nativeReading,
          externalPerUnitBytes: externalReading,
          kernelPerUnitBytes: isAbsent(kernel) ? kernel : kernel.perUnitBytes,
          ...withShared(
            addUp(fit.perUnitBytes, externalReading, nativeReading, kernel, {
              span: unitsOverLine,
              v8: identity.environment.v8,
            }),
            input.countShared === true ? snapshot?.shared : undefined,
          ),
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
    leak: leakOf(collected),
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
    ...(snapshot?.holder === undefined ? {} : { holder: snapshot.holder }),
    ...(snapshot?.shared === undefined ? {} : { shared: snapshot.shared }),
    ...(snapshot === undefined ? {} : { units: snapshot.units }),
    ledger,
    ...(first === undefined
      ? {}
      : {
          estimate: { name: first.name, perUnitBytes: first.perUnitBytes, formula: first.formula },
          comparison: first.comparison,
        }),
    estimates,
    ...capacityOf(
      experiment.unit,
      fitRecord,
      identity.environment.node,
      collected.fits.flatMap(({ found }) => (isAbsent(found) ? [] : [found])),
    ),
    calibration: calibrationRecord(calibration),
    ...(experiment.table === undefined ? {} : { table: tableRecord(experiment.table) }),
    warnings: [],
  };
  result.warnings = warningsOf(result, collected, {
    ownSlope: experiment.ownSlope,
    lead,
    ...(hadReserves ? {} : { nativeLead }),
    other: several ? undefined : ofOtherNumber(collected.growths, unitsOf),
    spread: spreadShare(collected),
    kernel,
  });
  return result;
}

function pointOf(experiment: ExperimentRecord, factors: Factors): GridPoint | undefined {
  const key = JSON.stringify(factors);
  return experiment.grid.find((point) => JSON.stringify(point.factors) === key);
}

/** Range of the mean of instances that differ in size, as a share of it; 0 if they are alike or unknown. */
function spreadShare({ snapshot }: Collected): number {
  const units = spreadOf(snapshot?.summary.sizes ?? []);
  return units === undefined || isAbsent(units) || units.mean === 0
    ? 0
    : (units.high - units.low) / units.mean;
}

/** Slopes of the largest first populations from each size to the next: medians over the processes. */
function coldSlopes(
  rows: readonly Trial[],
  counter: Counter,
  unitsOf: (factors: Factors) => number,
): number[] {
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
  const each = rows
    .filter(({ instances }) => instances === largest)
    .map(({ data, factors }) => {
      const points = coldPointsOf(data, counter);
      return points.slice(1).map(({ x, y }, index) => {
        const before = points[index] as Point;
        return (y - before.y) / (x - before.x) / unitsOf(factors);
      });
    });
  return (each[0] ?? []).map((_, step) => median(each.map((slopes) => slopes[step] ?? Number.NaN)));
}

/**
 * How far later populations are from the first one, for each unit: what stays after the warm-up, and the difference at
 * the largest size. Median over the processes.
 */
function apartAtEnds(
  rows: readonly Trial[],
  counter: Counter,
  unitsOf: (factors: Factors) => number,
): number | undefined {
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
  const each = rows
    .filter(({ instances }) => instances === largest)
    .flatMap(({ data, factors }) => {
      const cold = coldPointsOf(data, counter).find(({ x }) => x === largest);
      const later = pointsOf(data, counter, 0).filter(({ x }) => x === largest);
      if (cold === undefined || later.length === 0) return [];
      const stays = counter(data.warm) - counter(data.baseline);
      const more = cold.y - median(later.map(({ y }) => y));
      return [Math.max(Math.abs(stays), Math.abs(more)) / largest / unitsOf(factors)];
    });
  return each.length === 0 ? undefined : median(each);
}

type PointsOf = (data: ProtocolData) => Point[];

/** Of an instance that was dropped and stays, nearly all is left; the rest may be a table with room to spare. */
const KEPT_SHARE = 0.9;

/** Whether instances stay as they are when they are dropped. */
function isKeptWhole({ from, fit }: Lead, retained: number): boolean {
  return from === "cold" && fit !== undefined && retained >= KEPT_SHARE * fit.perUnitBytes.value;
}

/** The points of the first population on which the leading line lies. */
function sizesOf({ without }: Lead, points: Point[]): Point[] {
  return points.slice(without === "first" ? 1 : 0, without === "last" ? -1 : undefined);
}

/** The share by which malloc of the first instances may differ from what later ones left. */
const LEFT_OF_MALLOC_SHARE = 0.05;

/** Whether the line of malloc is straight and says what instances left of it that all stay. */
function tellsWhatIsLeft(native: Fit | undefined, left: number): boolean {
  if (native?.shape !== "linear") return false;
  return Math.abs(native.perUnitBytes.value - left) <= LEFT_OF_MALLOC_SHARE * left;
}

/**
 * Malloc of instances that all stay. A table of V8's own that they fill (of strings, of weak references) doubles
 * at some number of them, which the first population meets or misses by chance; all that were ever made share it.
 */
function grownMalloc(rows: readonly Trial[], unitsOf: (factors: Factors) => number): ResultReading {
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
  return rangeInterval(
    rows
      .filter(({ instances }) => instances === largest)
      .map(({ data, factors }) => grownPerInstance(data, mallocBytes) / unitsOf(factors)),
  );
}

/** Bytes that each instance leaves behind, from the trials that made the most instances. */
function retainedOf(rows: readonly Trial[], counter: Counter = heapAndExternal): number {
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
  const values = rows
    .filter(({ instances }) => instances === largest)
    .map(({ data }) => retainedPerInstance(data, counter));
  return values.length === 0 ? 0 : median(values);
}

/**
 * Number of instances between the smallest and the largest population. An error in a reading is divided by
 * it.
 */
function levelSpan(rows: readonly Trial[]): number {
  const counts = rows.flatMap(({ data }) => data.readings.map(({ count }) => count));
  if (counts.length === 0) return 1;
  return Math.max(1, largestOf(counts) - smallestOf(counts));
}

/**
 * Units between the smallest and the largest instance; if all instances are alike, the units of one instance.
 */
function unitSpan(rows: readonly Trial[], unitsOf: (factors: Factors) => number): number {
  const units = rows.map(({ factors }) => unitsOf(factors));
  if (units.length === 0) return 1;
  return differInUnits(rows, unitsOf) ? largestOf(units) - smallestOf(units) : largestOf(units);
}

function differInUnits(rows: readonly Trial[], unitsOf: (factors: Factors) => number): boolean {
  return new Set(rows.map(({ factors }) => unitsOf(factors))).size > 1;
}

/** Treats each trial of the whole grid as one process: points (units, bytes) at every population. */
function acrossRows(
  rows: readonly Trial[],
  points: PointsOf,
  unitsOf: (factors: Factors) => number,
): Point[][] {
  return [...byTrial(rows).values()].map((trial) =>
    trial.flatMap(({ data, factors }) => points(data).map(({ x, y }) => ({ x: x * unitsOf(factors), y }))),
  );
}

/**
 * Slopes where each cell has its own. If instances differ in units, each trial gives one line over (units in
 * an instance, bytes of an instance). If all are alike, each cell gives its own line.
 */
function ownSlopes(
  rows: readonly Trial[],
  points: PointsOf,
  unitsOf: (factors: Factors) => number,
): Point[][] {
  if (!differInUnits(rows, unitsOf)) {
    return rows.map(({ data, factors }) => points(data).map(({ x, y }) => ({ x: x * unitsOf(factors), y })));
  }
  return [...byTrial(rows).values()].map((trial) =>
    trial.flatMap(({ data, factors }) => {
      const line = theilSen(points(data));
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
  pointsFrom: (counter: Counter, left: number) => PointsOf,
  { retained, leftMalloc }: { retained: number; leftMalloc: number },
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
  const points = trials.map(({ data }) => pointsFrom(heapAndExternal, retained)(data));
  const perInstance = experiment.ownSlope
    ? points.map((own) => theilSen(own)?.slope ?? Number.NaN)
    : points.map((own) => (bytesAtLargest(own) - (fit?.fixedBytes.value ?? 0)) / instances);
  return {
    ...shared,
    ...limitsOf(trials.map(({ end }) => end)),
    outcome: "ok",
    trials: trials.length,
    readings: {
      heapBytes: rowReading(trials, pointsFrom(heapBytes, retained)),
      externalBytes: rowReading(trials, pointsFrom(externalBytes, 0)),
      nativeBytes: rowReading(trials, pointsFrom(mallocBytes, leftMalloc)),
      pssBytes: ledgerReading(trials, "pssBytes"),
      rssBytes: ledgerReading(trials, "rssBytes"),
    },
    perInstanceBytes: rangeInterval(perInstance),
    perUnitBytes: rangeInterval(perInstance.map((bytes) => bytes / units)),
  };
}

function rowReading(trials: readonly Trial[], points: PointsOf): ResultReading {
  const values = trials.map(({ data }) => bytesAtLargest(points(data)));
  return values.every(Number.isFinite)
    ? rangeInterval(values)
    : absent(whyNoMalloc(trials) ?? "the reading is not a number");
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
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
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

interface SnapshotPart extends Pick<Result, "breakdown" | "kinds" | "waste" | "crossCheck"> {
  holder?: string[];
  shared?: Result["shared"];
  units: Result["units"];
}

/** Shared memory below this in all is what every object refers to, such as the text of a constant. */
const SHARED_AT_LEAST_BYTES = 256;

function sharedOf(
  { summary }: NonNullable<Collected["snapshot"]>,
  units: number,
): Pick<SnapshotPart, "shared"> {
  const { shared } = summary;
  if (shared === undefined || shared.bytes < SHARED_AT_LEAST_BYTES) return {};
  return { shared: { bytes: shared.bytes, perUnitBytes: shared.bytes / units, what: shared.what } };
}

function viewWasteOf({ viewWaste }: SnapshotCellData, units: number): Result["waste"] {
  if (viewWaste === undefined || viewWaste.buffers === 0) return [];
  return [
    {
      name: "buffers that a small view keeps",
      bytes: viewWaste.bytes / units,
      note: "the rest of a slab or array buffer that a view keeps alive; copy it (Buffer.from(view), Buffer.alloc)",
    },
  ];
}

function snapshotOf(
  input: AnalysisInput,
  unitsOf: (factors: Factors) => number,
  fit: Fit | undefined,
  rows: readonly ResultRow[],
): SnapshotPart | undefined {
  const { snapshot, whole } = input.collected;
  if (snapshot === undefined) return undefined;
  const { cell, factors } = snapshot;
  const ownUnits = cell.instances * unitsOf(factors);
  const { summary } = whole ?? snapshot;
  const units = (whole ?? snapshot).cell.instances * unitsOf(factors);
  const row = rows.find((candidate) => JSON.stringify(candidate.factors) === JSON.stringify(factors));
  // The slope of this cell if every cell has one, else the line over several cells.
  const slope = input.experiment.ownSlope ? row?.perUnitBytes : fit?.perUnitBytes;
  const perUnit = snapshot.summary.bytes / ownUnits;
  const wholeHeap = whole === undefined ? undefined : whole.summary.bytes / units;
  const { holder } = summary;
  return {
    ...(holder === undefined ? {} : { holder }),
    ...sharedOf(snapshot, ownUnits),
    units:
      unitsOf(factors) === 1
        ? spreadOf(snapshot.summary.sizes ?? [])
        : absent("an instance holds several units, and sizes are known of whole instances"),
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
    waste: [
      ...summary.waste.map(({ name, bytes, advice }) => ({
        name,
        bytes: isAbsent(bytes) ? { absent: bytes.absent } : bytes / units,
        note: advice,
      })),
      ...viewWasteOf(cell, ownUnits),
    ],
    crossCheck:
      slope === undefined || isAbsent(slope)
        ? absent("there is no slope to compare the snapshot with")
        : {
            snapshotPerUnitBytes: perUnit,
            slopePerUnitBytes: slope.value,
            relativeDifference: relative(wholeHeap ?? perUnit, slope.value),
            instances: cell.instances,
            factors: withoutPopulation(input.experiment, factors),
            sameInstancesPerUnitBytes: (cell.heapChangePerInstanceBytes * cell.instances) / ownUnits,
            ...(wholeHeap === undefined ? {} : { wholeHeapPerUnitBytes: wholeHeap }),
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

function intervalOrAbsent(fit: Fit | undefined, why: string | undefined): ResultReading {
  if (why !== undefined) return absent(why);
  if (fit === undefined || !Object.values(fit.perUnitBytes).every(Number.isFinite))
    return absent("the readings give no line");
  return fit.perUnitBytes;
}

/**
 * The kernel's line, for each unit: from a cell that grew for it, or from the first populations of all rows,
 * if they differ in size.
 */
function kernelOf(collected: Collected, unitsOf: (factors: Factors) => number): KernelLine | Absent {
  const [growth] = collected.growths;
  if (growth !== undefined) return kernelLine(perUnits(growth.grown, unitsOf(growth.factors)));
  const failure = collected.failed.find(({ role }) => role === "growth");
  if (failure !== undefined) return absent(failure.cause);
  return absent("no cell grew large enough for the kernel's pages");
}

function perUnits(ledgers: readonly SizedLedger[], units: number): SizedLedger[] {
  return ledgers.map(({ instances, reading }) => ({ instances: instances * units, reading }));
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

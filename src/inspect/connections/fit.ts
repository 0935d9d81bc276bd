import type { Interval } from "../../base/stats/interval.js";
import { rangeInterval } from "../../base/stats/interval.js";
import { largestOf } from "../../base/stats/extremes.js";
import { median } from "../../base/stats/median.js";
import type { Shape } from "../../base/stats/shape.js";
import { judgeShape } from "../../base/stats/shape.js";
import type { Point } from "../../base/stats/theil-sen.js";
import { theilSen } from "../../base/stats/theil-sen.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { LevelReading } from "./trial.js";

/** What one server process told, the idle one first. */
export interface TrialData {
  /** Before any connection. */
  idle: LevelReading;
  /** After one connection was opened and closed. */
  first: LevelReading;
  levels: LevelReading[];
  /** After all were closed. */
  after?: LevelReading;
}

export interface Fit {
  /** What one connection costs the server's processes, by the kernel. */
  totalPerUnitBytes: Interval & { parts: { name: string; bytes: number }[] };
  /** V8's heap and what V8 knows outside of it. */
  perUnitBytes: Interval | Absent;
  heapPerUnitBytes: Interval | Absent;
  externalPerUnitBytes: Interval | Absent;
  /** What malloc holds beyond external memory. */
  nativePerUnitBytes: Interval | Absent;
  /** Pages beyond all of these: parts of V8's pages and of malloc's that nothing fills. */
  kernelPerUnitBytes: Interval | Absent;
  /** The same as the total, before garbage was collected and free memory given back: what the processes had at the time. */
  uncollectedPerUnitBytes: Interval;
  /** The line at no connection: what the server takes before the first one, with what the first one brings once. */
  fixedBytes: Interval;
  shape: Shape;
}

type Of = (reading: LevelReading) => Reading;

const own: Of = ({ memory }) => memory.ownBytes;

function inside(pick: (reading: Exclude<LevelReading["inside"], Absent>) => Reading): Of {
  return (reading) => (isAbsent(reading.inside) ? reading.inside : pick(reading.inside));
}

const heap = inside(({ heapBytes }) => heapBytes);
const external = inside(({ externalBytes }) => externalBytes);
const native = inside(({ mallocBytes, externalBytes }) =>
  isAbsent(mallocBytes) ? mallocBytes : mallocBytes - externalBytes,
);
const beyond: Of = (reading) => {
  const parts = [heap(reading), external(reading), native(reading)];
  const missing = parts.find(isAbsent);
  return missing ?? reading.memory.ownBytes - (parts as number[]).reduce((sum, part) => sum + part, 0);
};

/** Undefined where no trial held two levels. */
export function fitOf(trials: readonly TrialData[]): Fit | undefined {
  const useful = trials.filter(({ levels }) => levels.length >= 2);
  if (useful.length === 0) return undefined;
  const doubt = resolutionOf(useful);
  const total = widened(slopeOf(useful, own) as Interval, doubt);
  const [heapSlope, externalSlope, nativeSlope, kernelSlope] = [heap, external, native, beyond].map((of) =>
    slopeOf(useful, of),
  ) as [Slope, Slope, Slope, Slope];
  const parts = [
    { name: "V8's heap", slope: heapSlope },
    { name: "external memory that V8 knows", slope: externalSlope },
    { name: "native memory beyond", slope: nativeSlope },
    { name: "pages that these do not fill", slope: kernelSlope },
  ].flatMap(({ name, slope }) => (isAbsent(slope) ? [] : [{ name, bytes: slope.value }]));
  return {
    totalPerUnitBytes: { ...total, parts: parts.length === 4 ? parts : [] },
    perUnitBytes: slopeOf(useful, (reading) => {
      const [a, b] = [heap(reading), external(reading)];
      return isAbsent(a) ? a : isAbsent(b) ? b : a + b;
    }),
    heapPerUnitBytes: heapSlope,
    externalPerUnitBytes: externalSlope,
    nativePerUnitBytes: nativeSlope,
    kernelPerUnitBytes: isAbsent(kernelSlope) ? kernelSlope : widened(kernelSlope, doubt),
    uncollectedPerUnitBytes: widened(
      slopeOf(useful, ({ uncollectedBytes }) => uncollectedBytes) as Interval,
      doubt,
    ),
    fixedBytes: rangeInterval(useful.map((trial) => lineOf(trial, own)?.intercept ?? 0)),
    shape: shapeOf(useful),
  };
}

type Slope = Interval | Absent;

/** Each trial's own slope, because what processes differ by from start to start is no cost of a connection. */
export function slopeOf(trials: readonly TrialData[], of: Of): Slope {
  const missing = trials.flatMap(({ levels }) => levels.map(of)).find(isAbsent);
  if (missing !== undefined) return missing;
  const slopes = trials.flatMap((trial) => lineOf(trial, of)?.slope ?? []);
  return slopes.length === 0 ? absent("no trial held two levels") : rangeInterval(slopes);
}

function lineOf({ levels }: TrialData, of: Of): { slope: number; intercept: number } | undefined {
  return theilSen(levels.map((reading) => ({ x: reading.connections, y: of(reading) as number })));
}

function shapeOf(trials: readonly TrialData[]): Shape {
  // Over the trials, with the offset of each taken away.
  const points = trials.flatMap((trial): Point[] => {
    const line = lineOf(trial, own);
    return trial.levels.map((reading) => ({
      x: reading.connections,
      y: reading.memory.ownBytes - (line?.intercept ?? 0),
    }));
  });
  const line = theilSen(points);
  return line === undefined ? "unknown" : judgeShape(points, { ...line, intercept: 0 }, STEP_BYTES).shape;
}

/** V8, CPython's and other allocators take memory in blocks of this size. */
const BLOCK_BYTES = 2 ** 18;
const STEP_BYTES = 2 * BLOCK_BYTES;

/**
 * V8 has several spaces and malloc several lists, and each ends in a block that is partly filled. Between two starts of
 * one server with the same connections, the kernel's figure differed by up to so much.
 */
const UNFILLED_BYTES = 8 * BLOCK_BYTES;

/** By how many bytes a connection the kernel's figure is uncertain, whatever the trials say. */
export function resolutionOf(trials: readonly TrialData[]): number {
  return median(
    trials.flatMap(({ levels }) => {
      const span = (levels.at(-1)?.connections ?? 0) - (levels[0]?.connections ?? 0);
      const processes = levels.at(-1)?.memory.processes ?? 1;
      return span > 0 ? [(processes * UNFILLED_BYTES) / span] : [];
    }),
  );
}

function widened({ value, low, high }: Interval, by: number): Interval {
  return { value, low: low - by, high: high + by };
}

/** Fewer bytes a connection would not have been told from none. */
export function detectableOf(trials: readonly TrialData[]): number {
  return median(
    trials.flatMap(({ levels }) => {
      const span = (levels.at(-1)?.connections ?? 0) - (levels[0]?.connections ?? 0);
      const noise = largestOf(levels.map(({ noiseBytes }) => (Number.isFinite(noiseBytes) ? noiseBytes : 0)));
      return span > 0 ? [Math.max(BLOCK_BYTES, noise) / span] : [];
    }),
  );
}

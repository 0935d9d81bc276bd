import type { Point } from "../base/stats/theil-sen.js";
import { theilSen } from "../base/stats/theil-sen.js";
import type { WeighedReading } from "../measure/held.js";
import type { Line } from "../base/fitting.js";
import type { ProcessLines } from "../record/fits.js";

/**
 * The lines of a plain process from the readings of one that held few instances. The heap's line goes through the
 * readings after full collections, since V8 collects before it gives up. The line of what lies beyond V8's heap goes
 * through the second half, when what is paid once is paid.
 */
export function processLines(readings: readonly WeighedReading[]): ProcessLines {
  const live = readings.filter(({ liveBytes }) => liveBytes !== undefined);
  // The first instances pay what is paid once, so the empty process counts only where a wall came early.
  const [early, late] = [live.length > 2 ? live.at(1) : live.at(0), live.at(-1)];
  const last = readings.at(-1);
  if (early === undefined || late === undefined || last === undefined)
    throw new Error("a process that weighs instances must hold some");
  const points = (value: (reading: WeighedReading) => number): Point[] =>
    readings
      .filter(({ count }) => count >= last.count / 2)
      .map((reading) => ({ x: reading.count, y: value(reading) }));
  return {
    heap: through({ x: early.count, y: early.liveBytes ?? 0 }, { x: late.count, y: late.liveBytes ?? 0 }),
    beyondHeap: lineOf(points(({ residentBytes, heapPagesBytes }) => residentBytes - heapPagesBytes)),
    descriptors: lineOf(points(({ descriptors }) => descriptors)),
  };
}

function through(a: Point, b: Point): Line {
  const perUnit = b.x > a.x ? (b.y - a.y) / (b.x - a.x) : b.y / b.x;
  return { perUnit, fixed: b.y - perUnit * b.x };
}

function lineOf(points: readonly Point[]): Line {
  const line = theilSen(points);
  const last = points.at(-1);
  if (line !== undefined) return { fixed: line.intercept, perUnit: line.slope };
  return { fixed: 0, perUnit: last === undefined ? 0 : last.y / last.x };
}

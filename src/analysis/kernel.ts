import { largestOf, smallestOf } from "../base/stats/extremes.js";
import type { Interval } from "../base/stats/interval.js";
import { theilSen } from "../base/stats/theil-sen.js";
import type { Point } from "../base/stats/theil-sen.js";
import type { LedgerReading } from "../measure/ledger.js";
import type { Absent } from "../system/probe/reading.js";
import { absent, change, isAbsent } from "../system/probe/reading.js";

/** The ledger of a population of this size. */
export interface SizedLedger {
  instances: number;
  reading: LedgerReading;
}

/** Lines over the kernel's counters, for each instance. */
export interface KernelLine {
  /** Slope of anonymous PSS. */
  perUnitBytes: Interval;
  /** Slope of what neither V8's pages, nor external memory, nor malloc explain. */
  beyondKnown: Interval;
  /** Slope of what neither V8's pages nor malloc explain: what is mapped, declared as external or not. */
  mapped: Interval;
  instances: number;
  /** What neither V8's pages nor malloc explain of the largest population, against none. */
  mappedAtEndBytes: number;
}

/** Less than this is lost among the pages that a process takes and gives back at any time. */
const LEAST_CHANGE_BYTES = 2 ** 21;

/**
 * Lines through the kernel's counters over the sizes of one population that only grew. The first size is left
 * out, because it pays what is paid once.
 *
 * The range comes from the two halves of the line: pages are taken in large pieces, so neighbouring sizes
 * differ much.
 */
export function kernelLine(ledgers: readonly SizedLedger[]): KernelLine | Absent {
  const [base, ...sized] = ledgers;
  if (base === undefined) return absent("no population was made that is large enough for the kernel's pages");
  const points: { x: number; all: number; beyond: number; mapped: number }[] = [];
  for (const { instances, reading } of sized) {
    const all = change(base.reading.pssAnonBytes, reading.pssAnonBytes);
    if (isAbsent(all)) return all;
    const { inPages, external } = known(base.reading, reading);
    points.push({ x: instances, all, beyond: all - inPages - external, mapped: all - inPages });
  }
  const last = points.at(-1);
  const rest = points.slice(1);
  if (last === undefined || rest.length < 3)
    return absent("a line over the kernel's pages needs four populations");
  const changeBytes = last.all - (points[0]?.all ?? 0);
  const ends = [points[0], last].map((point) => (point === undefined ? 0 : point.all - point.beyond));
  const knownChangeBytes = (ends[1] ?? 0) - (ends[0] ?? 0);
  // Memory that was asked for and never written to is in no page, and the line says so.
  if (Math.max(changeBytes, knownChangeBytes) < LEAST_CHANGE_BYTES)
    return absent(
      `${last.x} instances change the process by ${Math.round(changeBytes / 1024)} KiB of pages, which is too little to tell`,
    );
  return {
    perUnitBytes: halves(rest.map(({ x, all }) => ({ x, y: all }))),
    beyondKnown: halves(rest.map(({ x, beyond }) => ({ x, y: beyond }))),
    mapped: halves(rest.map(({ x, mapped }) => ({ x, y: mapped }))),
    instances: last.x,
    mappedAtEndBytes: last.mapped,
  };
}

/**
 * What the counters of V8 and malloc say that the process took. External memory beyond malloc is mapped. Live
 * objects lie in pages, which Node 26 counts for less than the objects take. Free chunks of malloc were given back
 * before each reading.
 */
function known(before: LedgerReading, after: LedgerReading): { inPages: number; external: number } {
  const numeric = (reading: LedgerReading["mallocInUseBytes"]): number =>
    typeof reading === "number" ? reading : 0;
  const inUse = numeric(after.mallocInUseBytes) - numeric(before.mallocInUseBytes);
  const external = after.externalBytes - before.externalBytes;
  const pages = Math.max(
    after.heapPhysicalBytes - before.heapPhysicalBytes,
    after.heapBytes - before.heapBytes,
  );
  return { inPages: pages + inUse, external: Math.max(0, external - inUse) };
}

/** The line through the points, with the range over its two halves. */
export function halves(points: readonly Point[]): Interval {
  const slopeOf = (part: readonly Point[]): number => theilSen(part)?.slope ?? Number.NaN;
  const middle = points.length >> 1;
  const all = slopeOf(points);
  const parts = [points.slice(0, middle + 1), points.slice(middle)].map(slopeOf).filter(Number.isFinite);
  return { value: all, low: smallestOf([all, ...parts]), high: largestOf([all, ...parts]) };
}

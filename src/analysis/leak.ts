import { largestOf, smallestOf } from "../base/stats/extremes.js";
import { rangeInterval } from "../base/stats/interval.js";
import type { Result, ResultReading } from "../record/schema.js";
import type { LedgerReading } from "../measure/ledger.js";
import type { Reading } from "../system/probe/reading.js";
import { absent, change, isAbsent } from "../system/probe/reading.js";
import type { Collected, Trial } from "./collected.js";
import { leftWithoutReserves, mallocOfGrown } from "./reserves.js";
import type { Counter } from "./trials.js";
import { heapAndExternal, mallocBytes, retainedPerInstance, undeclaredBytes, whyNoMalloc } from "./trials.js";

/** Pages come and go; a growth of the empty process of less than this is none. */
const PAGES_AT_LEAST_BYTES = 2 ** 20;
/**
 * V8 keeps pages of dropped populations for later ones, of which no counter tells. Those that a process takes after its
 * warm-up are less than this share of what its largest population took.
 */
const KEPT_FOR_LATER_SHARE = 0.5;

interface Ledgers {
  before: LedgerReading;
  after: LedgerReading;
}

/** What each instance that was made and dropped left behind, by three counters that know nothing of each other. */
export function leakOf({ rows, growths }: Collected): Result["leak"] {
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
  const trials = rows.filter(({ instances }) => instances === largest);
  if (trials.length === 0) return absent("no cell finished");
  const noMalloc = whyNoMalloc(trials);
  const grown = mallocOfGrown(growths);
  const ofMalloc = (counter: Counter): ResultReading =>
    noMalloc === undefined
      ? rangeInterval(
          trials.map(({ data }) => leftWithoutReserves(retainedPerInstance(data, counter), grown)),
        )
      : absent(noMalloc);
  return {
    made: smallestOf(trials.map(({ data }) => data.end.created - data.warm.created)),
    retainedPerInstanceBytes: rangeInterval(
      trials.map(({ data }) => retainedPerInstance(data, heapAndExternal)),
    ),
    nativePerInstanceBytes: ofMalloc(mallocBytes),
    undeclaredPerInstanceBytes: ofMalloc(undeclaredBytes),
    kernelPerInstanceBytes: kernelLeft(trials, growths[0]),
  };
}

/** From the cell of the largest population, if there is one. */
function kernelLeft(
  trials: readonly Trial[],
  growth: Collected["growths"][number] | undefined,
): ResultReading {
  const growths = growth === undefined ? trials.map(sinceWarmUp) : [betweenDrops(growth)];
  const missing = growths.find(isAbsent);
  return missing === undefined ? rangeInterval(growths as number[]) : { absent: missing.absent };
}

/** In a cell that gives no pages back between its readings, a growth must be beyond what V8 may have kept for later. */
function sinceWarmUp({ emptied, data, ledger }: Trial): Reading {
  if (emptied === undefined) return absent("the cell wrote no ledger");
  const population = ledger === undefined ? 0 : change(ledger.before.pssAnonBytes, ledger.after.pssAnonBytes);
  const least = isAbsent(population) ? 0 : KEPT_FOR_LATER_SHARE * population;
  return perInstance(emptied, data.end.created - data.warm.created, least);
}

function betweenDrops({ dropped }: Collected["growths"][number]): Reading {
  const [first, second] = dropped;
  if (first === undefined || second === undefined)
    return absent("the cell made no second population of that size");
  return perInstance({ before: first.reading, after: second.reading }, second.instances - first.instances, 0);
}

/** Growth of the pages that hold something: neither V8's unfilled pages nor free chunks of malloc are left behind. */
function perInstance({ before, after }: Ledgers, made: number, least: number): Reading {
  const pages = change(before.pssAnonBytes, after.pssAnonBytes);
  if (isAbsent(pages)) return pages;
  const unfilled = ({ heapPhysicalBytes, heapBytes }: LedgerReading): number =>
    Math.max(0, heapPhysicalBytes - heapBytes);
  const free = change(before.mallocFreeBytes, after.mallocFreeBytes);
  const growth =
    pages - Math.max(0, unfilled(after) - unfilled(before)) - (isAbsent(free) ? 0 : Math.max(0, free));
  return growth < Math.max(PAGES_AT_LEAST_BYTES, least) || made === 0 ? 0 : growth / made;
}

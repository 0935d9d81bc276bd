import { largestOf, smallestOf } from "../base/stats/extremes.js";
import { rangeInterval } from "../base/stats/interval.js";
import type { Result, ResultReading } from "../record/schema.js";
import { absent, change, isAbsent } from "../system/probe/reading.js";
import type { Collected, Trial } from "./collected.js";
import { heapAndExternal, mallocBytes, retainedPerInstance, whyNoMalloc } from "./trials.js";

/** Pages come and go; a growth of the empty process of less than this is none. */
const PAGES_AT_LEAST_BYTES = 2 ** 20;

/** What each instance that was made and dropped left behind, by three counters that know nothing of each other. */
export function leakOf({ rows, growths }: Collected): Result["leak"] {
  const largest = largestOf([0, ...rows.map(({ instances }) => instances)]);
  const trials = rows.filter(({ instances }) => instances === largest);
  if (trials.length === 0) return absent("no cell finished");
  const noMalloc = whyNoMalloc(trials);
  return {
    made: smallestOf(trials.map(({ data }) => data.end.created - data.warm.created)),
    retainedPerInstanceBytes: rangeInterval(
      trials.map(({ data }) => retainedPerInstance(data, heapAndExternal)),
    ),
    nativePerInstanceBytes:
      noMalloc === undefined
        ? rangeInterval(trials.map(({ data }) => retainedPerInstance(data, mallocBytes)))
        : absent(noMalloc),
    kernelPerInstanceBytes: kernelLeft(trials, growths[0]),
  };
}

/** From the cell of the largest population, if there is one. */
function kernelLeft(
  trials: readonly Trial[],
  growth: Collected["growths"][number] | undefined,
): ResultReading {
  const growths =
    growth === undefined
      ? trials.map(({ emptied, data }) =>
          emptied === undefined
            ? absent("the cell wrote no ledger")
            : perInstance(
                change(emptied.before.pssAnonBytes, emptied.after.pssAnonBytes),
                data.end.created - data.warm.created,
              ),
        )
      : [betweenDrops(growth)];
  const missing = growths.find(isAbsent);
  return missing === undefined ? rangeInterval(growths as number[]) : { absent: missing.absent };
}

function betweenDrops({ dropped }: Collected["growths"][number]): ReturnType<typeof perInstance> {
  const [first, second] = dropped;
  if (first === undefined || second === undefined)
    return absent("the cell made no second population of that size");
  return perInstance(
    change(first.reading.pssAnonBytes, second.reading.pssAnonBytes),
    second.instances - first.instances,
  );
}

function perInstance(growth: ReturnType<typeof change>, made: number): ReturnType<typeof change> {
  if (isAbsent(growth)) return growth;
  return growth < PAGES_AT_LEAST_BYTES || made === 0 ? 0 : growth / made;
}

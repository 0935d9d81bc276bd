import { getHeapStatistics } from "node:v8";
import { smapsRollup } from "../../system/probe/kernel.js";
import { mallocInUse } from "../../system/probe/malloc.js";
import type { Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { readHostMemory } from "../../system/host.js";
import type { ReadingName } from "../reading-names.js";
import type { ReadingSource } from "./source.js";

/** Memory of this process. PSS takes about 1 ms for each GiB that is mapped, the other readings some microseconds. */
export function processSource(): ReadingSource {
  const takers: Partial<Record<ReadingName, () => Reading>> = {
    pssBytes: () => {
      const rollup = smapsRollup();
      return isAbsent(rollup) ? rollup : rollup.pssBytes;
    },
    rssBytes: () => process.memoryUsage.rss(),
    heapUsedBytes: () => getHeapStatistics().used_heap_size,
    heapLimitBytes: () => getHeapStatistics().heap_size_limit,
    externalBytes: () => getHeapStatistics().external_memory,
    nativeBytes: mallocInUse,
  };
  return {
    names: Object.keys(takers),
    capacityOf: (name) =>
      name.startsWith("heap") ? getHeapStatistics().heap_size_limit : readHostMemory().totalBytes,
    sample: (wanted, put) => {
      for (const [name, take] of Object.entries(takers)) if (wanted.has(name)) put(name, take());
    },
  };
}

import { smallestOf } from "../../base/stats/extremes.js";
import type { MemoryPool } from "../../device/index.js";
import type { PoolStats } from "../../system/native/contract.js";
import { cudaDevices } from "../../system/probe/cuda.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { readHostMemory } from "../../system/host.js";
import type { ReadingName } from "../reading-names.js";
import type { ReadingSource } from "./source.js";
import { sentence } from "../../base/sentence.js";

/** The parts of a `MemoryPool` that are needed. */
export type ObservedPool = Pick<MemoryPool, "capBytes" | "device"> & { stats(): PoolStats };

const NAMES = [
  "deviceAllocatedBytes",
  "deviceReservedBytes",
  "poolCapBytes",
] as const satisfies ReadingName[];
const NO_POOL = absent("no memory pool was given to the guard");

export function poolSource(pool: ObservedPool | undefined): ReadingSource {
  return {
    names: NAMES,
    capacityOf: (name) => {
      if (pool === undefined) return NO_POOL;
      const cap = capOf(pool);
      if (name === "poolCapBytes") return cap;
      const whole = memoryOf(pool.device);
      const known = [cap, whole].flatMap((value) => (isAbsent(value) ? [] : [value]));
      return known.length > 0 ? smallestOf(known) : whole;
    },
    sample: (wanted, put) => {
      const stats = pool === undefined ? NO_POOL : poolStats(pool);
      if (wanted.has("deviceAllocatedBytes"))
        put("deviceAllocatedBytes", isAbsent(stats) ? stats : stats.usedBytes);
      if (wanted.has("deviceReservedBytes"))
        put("deviceReservedBytes", isAbsent(stats) ? stats : stats.reservedBytes);
      if (wanted.has("poolCapBytes")) put("poolCapBytes", pool === undefined ? NO_POOL : capOf(pool));
    },
  };
}

/** Absent if the pool is closed or its device does not answer. */
export function poolStats(pool: ObservedPool): PoolStats | Absent {
  try {
    return pool.stats();
  } catch (error) {
    return absent(`the pool cannot be read: ${sentence(error)}`);
  }
}

function capOf(pool: ObservedPool): Reading {
  return pool.capBytes ?? absent("the pool has no cap");
}

function memoryOf(device: string): Reading {
  const index = /^cuda:(\d+)$/.exec(device)?.[1];
  if (index === undefined) return readHostMemory().totalBytes;
  const report = cudaDevices();
  if (isAbsent(report)) return report;
  const found = report.devices.find((candidate) => candidate.index === Number(index));
  return found?.totalBytes ?? absent(`the CUDA driver lists no device ${index}`);
}

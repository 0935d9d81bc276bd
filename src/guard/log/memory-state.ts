import { getHeapStatistics } from "node:v8";
import { mallocInfo } from "../../system/probe/malloc.js";
import type { Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { ObservedPool } from "../sources/pool-source.js";
import { poolStats } from "../sources/pool-source.js";

/**
 * Memory of the host and the device at one moment, bytes. Allocated: requested by the program and not
 * released. Reserved: taken from the system for it.
 */
export interface MemoryState {
  /** V8's used heap (garbage included until it is collected) and malloc in use; array buffers are malloc's. */
  hostAllocatedBytes: Reading;
  /** V8's committed heap, malloc's arenas and its single mappings. */
  hostReservedBytes: Reading;
  /**
   * Resident pages of the process: code, stacks and shared pages too, but only those reserved pages that were
   * touched.
   */
  rssBytes: Reading;
  deviceAllocatedBytes: Reading;
  deviceReservedBytes: Reading;
}

export const STATE_NAMES = [
  "hostAllocatedBytes",
  "hostReservedBytes",
  "rssBytes",
  "deviceAllocatedBytes",
  "deviceReservedBytes",
] as const satisfies (keyof MemoryState)[];

const NO_POOL = absent("no memory pool was given to the log");

/** Takes some tens of microseconds, because no reading here walks page tables. */
export function readMemoryState(pool: ObservedPool | undefined): MemoryState {
  const heap = getHeapStatistics();
  const malloc = mallocInfo();
  const device = pool === undefined ? NO_POOL : poolStats(pool);
  return {
    hostAllocatedBytes: isAbsent(malloc) ? malloc : heap.used_heap_size + malloc.inUseBytes,
    hostReservedBytes: isAbsent(malloc)
      ? malloc
      : heap.total_heap_size + malloc.arenaBytes + malloc.hblkhdBytes,
    rssBytes: process.memoryUsage.rss(),
    deviceAllocatedBytes: isAbsent(device) ? device : device.usedBytes,
    deviceReservedBytes: isAbsent(device) ? device : device.reservedBytes,
  };
}

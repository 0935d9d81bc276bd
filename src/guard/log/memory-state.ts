import { getHeapStatistics } from "node:v8";
import { mallocInfo } from "../../system/probe/malloc.js";
import type { Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { ObservedPool } from "../sources/pool-source.js";
import { poolStats } from "../sources/pool-source.js";

/**
 * Memory of host and device at one moment, in bytes. Allocated: requested by the program and not released. Reserved:
 * taken from the system for such requests.
 */
export interface MemoryState {
  /**
   * V8's used heap, including garbage that was not collected yet, and malloc in use, which includes array buffers.
   */
  hostAllocatedBytes: Reading;
  /** V8's committed heap, malloc's arenas and its separately mapped blocks. */
  hostReservedBytes: Reading;
  /**
   * Resident pages of the process. They include code, stacks and shared pages, but of the reserved pages only those
   * that were touched.
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

/** Takes some tens of microseconds, since no reading here walks the page tables. */
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

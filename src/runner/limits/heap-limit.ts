const MIB = 2 ** 20;

/**
 * Memory of Node outside its old space. Idle Node 20 has an RSS of 39 to 41 MiB, and the young generation
 * grows to 16 MiB.
 */
const BESIDE_OLD_SPACE_MIB = 64;
/**
 * Memory of each worker thread. Eight idle worker threads of Node 20 add 8.5 MiB of RSS and 14 MiB of private
 * memory each.
 */
const PER_WORKER_MIB = 16;
/** With less, V8 fails before the modules of a cell are loaded. */
const LEAST_MIB = 32;

/**
 * MiB for `--max-old-space-size`. V8 then collects garbage before the cap is reached, and a leak ends as
 * `oom-heap` with V8's message instead of a kill. Memory outside V8's heap, such as buffers, is not included.
 */
export function heapLimitMiB(capBytes: number, workers = 0): number {
  const left = Math.floor(capBytes / MIB) - BESIDE_OLD_SPACE_MIB - PER_WORKER_MIB * workers;
  return Math.max(left, LEAST_MIB);
}

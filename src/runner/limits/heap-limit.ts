const MIB = 2 ** 20;

/** What Node holds beside its old space: idle Node 20 has an RSS of 39 to 41 MiB, and the young generation grows to 16. */
const BESIDE_OLD_SPACE_MIB = 64;
/** Eight idle worker threads of Node 20 add 8.5 MiB of RSS and 14 MiB of private memory each. */
const PER_WORKER_MIB = 16;
/** With less V8 gives up before a cell's own modules are loaded. */
const LEAST_MIB = 32;

/**
 * MiB for `--max-old-space-size`, so that V8 collects before the cap is met and a leak ends as `oom-heap`, with V8's
 * words, rather than with a kill. Memory outside of V8's heap, such as buffers, has no part in it.
 */
export function heapLimitMiB(capBytes: number, workers = 0): number {
  const left = Math.floor(capBytes / MIB) - BESIDE_OLD_SPACE_MIB - PER_WORKER_MIB * workers;
  return Math.max(left, LEAST_MIB);
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * V8's limit on its old generation in a container of this size, as `Heap::ConfigureHeap` chooses it from the memory
 * that `uv_get_constrained_memory` and `uv_get_total_memory` tell Node: half of the memory, at least 256 MiB, at most
 * 2 GiB, or 4 GiB from 15 GiB of memory. Node 20, 22, 24 and 26 agree on it (measured in control groups of 128 MiB to
 * 16 GiB).
 */
export function defaultOldSpaceBytes(memoryBytes: number): number {
  const most = memoryBytes >= 15 * GIB ? 4 * GIB : 2 * GIB;
  return Math.max(256 * MIB, Math.min(most, Math.floor(memoryBytes / 2)));
}

/** A young generation with the smallest semi-space that V8 takes; it is three of them. */
export const SMALLEST_YOUNG = { flag: "--max-semi-space-size=1", bytes: 3 * MIB };

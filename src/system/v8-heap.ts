const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * V8's limit on its old generation in a container of this size. Node hands V8 what `uv_get_constrained_memory` says,
 * and the memory of the machine where there is no limit; `Heap::ConfigureHeap` takes half of it, at least 256 MiB, at
 * most 2 GiB, or 4 GiB from 15 GiB of memory. Node 20, 22, 24 and 26 agree on it: measured in control groups of
 * 128 MiB to 16 GiB.
 */
export function defaultOldSpaceBytes(memoryBytes: number): number {
  const most = memoryBytes >= 15 * GIB ? 4 * GIB : 2 * GIB;
  return Math.max(256 * MIB, Math.min(most, Math.floor(memoryBytes / 2)));
}

interface YoungRatio {
  /** The old generation over one semi-space. */
  ratio: number;
  /** The same where the old generation is of the smallest size. */
  lowRatio: number;
  mostMiB: number;
}

/** By Node's major version, as measured beside the limits above. */
const YOUNG: readonly (YoungRatio & { from: number })[] = [
  { from: 26, ratio: 64, lowRatio: 64, mostMiB: 32 },
  { from: 24, ratio: 32, lowRatio: 256, mostMiB: 64 },
  { from: 0, ratio: 128, lowRatio: 256, mostMiB: 16 },
];

/**
 * The largest semi-space that V8 chooses beside an old generation of this size, bytes. `heap_size_limit` is the old
 * generation and three of them.
 */
export function semiSpaceBytes(oldSpaceBytes: number, nodeMajor: number): number {
  const { ratio, lowRatio, mostMiB } = YOUNG.find(({ from }) => nodeMajor >= from) as YoungRatio;
  const share = oldSpaceBytes / (oldSpaceBytes <= 256 * MIB ? lowRatio : ratio) / MIB;
  return MIB * Math.min(mostMiB, 2 ** Math.max(0, Math.ceil(Math.log2(share))));
}

/** The young generation of a process that keeps what it makes: both semi-spaces are touched. */
export function youngBytes(semiSpace: number): number {
  return 2 * semiSpace;
}

/** A young generation with the smallest semi-space that V8 takes; the limit counts three of them. */
export const SMALLEST_YOUNG = { flag: "--max-semi-space-size=1", bytes: 3 * MIB };

export function majorOf(nodeVersion: string): number {
  // A damaged result may name no version; the oldest row of each table is for it.
  const major = Number(nodeVersion.replace(/^v/, "").split(".")[0]);
  return Number.isFinite(major) ? major : 0;
}

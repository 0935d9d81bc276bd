import type { Blocks, Term } from "./term.js";
import { grouped } from "./term.js";

// PyTorch's CUDACachingAllocator. Blocks are multiples of 512 bytes. Blocks of up to 1 MiB share segments of
// 2 MiB, those below 10 MiB share segments of 20 MiB. Larger blocks have their own segments, multiples of 2
// MiB.
const BLOCK = 512;
const SMALL = 2 ** 20;
const SMALL_SEGMENT = 2 * 2 ** 20;
const LARGE = 10 * 2 ** 20;
const SHARED_SEGMENT = 20 * 2 ** 20;
const ROUND_LARGE = 2 * 2 ** 20;

export interface Reserved {
  requestedBytes: number;
  reservedBytes: number;
  /** Number of segments of each kind. */
  small: number;
  shared: number;
  own: number;
}

/**
 * What the caching allocator takes from the device for blocks that exist at the same time, if the largest are
 * packed first. A program that allocates in another order, or frees in between, reserves more.
 */
export function reserve(blocks: readonly Blocks[]): Reserved {
  const total: Reserved = { requestedBytes: 0, reservedBytes: 0, small: 0, shared: 0, own: 0 };
  const small: Blocks[] = [];
  const shared: Blocks[] = [];
  for (const { bytes, copies } of blocks) {
    total.requestedBytes += bytes * copies;
    const rounded = Math.max(BLOCK, roundedUp(bytes, BLOCK));
    if (rounded <= SMALL) small.push({ bytes: rounded, copies });
    else if (rounded < LARGE) shared.push({ bytes: rounded, copies });
    else {
      total.own += copies;
      total.reservedBytes += roundedUp(rounded, ROUND_LARGE) * copies;
    }
  }
  total.small = segments(small, SMALL_SEGMENT, BLOCK);
  total.shared = segments(shared, SHARED_SEGMENT, SMALL + BLOCK);
  total.reservedBytes += total.small * SMALL_SEGMENT + total.shared * SHARED_SEGMENT;
  return total;
}

/**
 * Number of segments of `size` bytes for the blocks. Each block goes where it leaves the smallest rest; a
 * rest below `least` is lost.
 */
function segments(blocks: readonly Blocks[], size: number, least: number): number {
  // Number of rests of each size. Counted, because a model may have a hundred thousand equal tensors.
  const rests = new Map<number, number>();
  let taken = 0;
  const put = (rest: number, count: number): void => {
    if (rest >= least && count > 0) rests.set(rest, (rests.get(rest) ?? 0) + count);
  };
  for (const { bytes, copies } of [...blocks].sort((a, b) => b.bytes - a.bytes)) {
    let left = copies;
    const fitting = [...rests.keys()].filter((rest) => rest >= bytes).sort((a, b) => a - b);
    for (const rest of fitting) {
      const count = rests.get(rest) ?? 0;
      const each = Math.floor(rest / bytes);
      const used = Math.min(count, Math.ceil(left / each));
      if (used === 0) continue;
      rests.set(rest, count - used);
      const inLast = Math.min(left, used * each) - (used - 1) * each;
      put(rest - each * bytes, used - 1);
      put(rest - inLast * bytes, 1);
      left -= Math.min(left, used * each);
    }
    if (left === 0) continue;
    const each = Math.floor(size / bytes);
    const fresh = Math.ceil(left / each);
    taken += fresh;
    put(size - each * bytes, fresh - 1);
    put(size - (left - (fresh - 1) * each) * bytes, 1);
  }
  return taken;
}

function roundedUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}

/** The bytes that rounding adds to blocks that exist at the same time. */
export function roundingTerm(blocks: readonly Blocks[]): Term {
  const { requestedBytes, reservedBytes, small, shared, own } = reserve(blocks);
  return {
    name: "allocator rounding",
    bytes: reservedBytes - requestedBytes,
    formula: `${grouped(reservedBytes)} B in ${grouped(small)} segments of 2 MiB, ${grouped(shared)} of 20 MiB and ${grouped(own)} of their own - ${grouped(requestedBytes)} B asked for`,
    phase: "always",
  };
}

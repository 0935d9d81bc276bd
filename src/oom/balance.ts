import type { OomRecord, Range } from "./record.js";

/**
 * Memory that every process on a card uses outside the allocator (contexts and kernels): 0.3 to 0.65 GiB in
 * reports.
 */
export const CONTEXT_BYTES = 0.65 * 2 ** 30;

/** The figures of a report combined; undefined where the text gives too little. */
export interface Balance {
  requested: number | undefined;
  total: number | undefined;
  free: number | undefined;
  allocated: number | undefined;
  /** Reserved by the allocator and not in use. */
  unallocated: number | undefined;
  /** The most that the allocator may take, if that is less than the card. */
  cap: number | undefined;
  /** Memory that is neither free nor of this allocator: other processes, contexts, other libraries. */
  elsewhere: number | undefined;
}

export function balanceOf(record: OomRecord): Balance {
  const { details } = record;
  const total = record.totalBytes ?? details.cardBytes;
  const free = record.freeBytes ?? undefined;
  const allocated = record.allocatedBytes ?? undefined;
  const unallocated = unallocatedOf(record);
  const elsewhere =
    total === undefined || free === undefined || allocated === undefined
      ? undefined
      : Math.max(0, total - free - allocated - (unallocated ?? 0));
  return {
    requested: record.requestedBytes ?? details.derivedRequestedBytes,
    total,
    free,
    allocated,
    unallocated,
    cap: details.allowedBytes ?? details.limitBytes,
    elsewhere,
  };
}

function unallocatedOf({ reservedBytes, reservedKind, allocatedBytes }: OomRecord): number | undefined {
  if (reservedBytes === null) return undefined;
  if (reservedKind === "unallocated" || reservedKind === "cached_unused") return reservedBytes;
  if (reservedKind === "total" && allocatedBytes !== null) return Math.max(0, reservedBytes - allocatedBytes);
  return undefined;
}

/** What rounding may hide between the request and other figures, at most. */
export function hiddenBy({ ranges }: OomRecord, names: readonly string[]): number {
  return ["requestedBytes", ...names].reduce((sum, name) => {
    const [low, high] = ranges[name] ?? [0, 0];
    return sum + (high - low) / 2;
  }, 0);
}

/** That, and half as much again: within it, one digit more or less must not change what is said. */
export function roundingOf(record: OomRecord, names: readonly string[]): number {
  return 1.5 * hiddenBy(record, names);
}

/** Whether enough was free for the request, beyond what rounding may hide. */
export function isFreeEnough(record: OomRecord, { requested, free }: Balance): boolean {
  return (
    requested !== undefined && free !== undefined && free - requested > roundingOf(record, ["freeBytes"])
  );
}

/** Whether one printed figure is larger than another for every possible rounding of the two. */
export function surelyAbove(record: OomRecord, one: string, other: string): boolean {
  const [above, below] = [record.ranges[one], record.ranges[other]] as (Range | undefined)[];
  return above !== undefined && below !== undefined && above[0] > below[1];
}

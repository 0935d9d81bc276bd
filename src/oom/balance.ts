import type { OomRecord, Range } from "./record.js";

/** Held beside the allocator by every process that uses a card: contexts and kernels, 0.3 to 0.65 GiB as reported. */
export const CONTEXT_BYTES = 0.65 * 2 ** 30;

/** The figures of a report put in relation; undefined where the text gives too little. */
export interface Balance {
  requested: number | undefined;
  total: number | undefined;
  free: number | undefined;
  allocated: number | undefined;
  /** Reserved by the allocator and not in use. */
  unallocated: number | undefined;
  /** The most that the allocator may take, if that is less than the card. */
  cap: number | undefined;
  /** Neither free nor this allocator's: other processes, contexts, other libraries. */
  elsewhere: number | undefined;
}

export function balanceOf(record: OomRecord): Balance {
  const { details } = record;
  const total = record.totalBytes ?? undefined;
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

/** Whether one printed figure is above another whatever their last digits hide. */
export function surelyAbove(record: OomRecord, one: string, other: string): boolean {
  const [above, below] = [record.ranges[one], record.ranges[other]] as (Range | undefined)[];
  return above !== undefined && below !== undefined && above[0] > below[1];
}

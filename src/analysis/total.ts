import type { Interval } from "../base/stats/interval.js";
import { EXTERNAL, HEAP, KERNEL, NATIVE, SHARED } from "../record/total.js";
import type { Result, ResultFit, ResultReading } from "../record/schema.js";
import { isAbsent } from "../system/probe/reading.js";
import type { KernelLine } from "./kernel.js";

/**
 * For each page of 256 KiB of its heap, V8 takes malloc (slot sets, free lists, bitmaps): 0.61 to 0.68 % of the heap
 * on Node 20 and 22, and 2.26 to 2.39 % on Node 24 and 26, measured over populations of 16 MB of objects, strings,
 * arrays, Maps and boxed numbers.
 */
const BOOKKEEPING_SHARE = 0.01;
const BOOKKEEPING_SHARE_SINCE_V8_13 = 0.025;

/** @param v8 version such as `13.6.233.10-node.20` */
export function bookkeepingShare(v8: string): number {
  return Number(v8.split(".")[0]) >= 13 ? BOOKKEEPING_SHARE_SINCE_V8_13 : BOOKKEEPING_SHARE;
}

/** A population takes whole pages, so the book-keeping of one more page may be in its malloc. */
const BOOKKEEPING_OF_A_PAGE_BYTES = 4096;
/** What only the kernel sees counts where it is more than this share of all: pages are never quite full. */
const KERNEL_SHARE = 0.05;
/** V8 and malloc hold some hundred KiB of pages in reserve. */
const KERNEL_LEAST_BYTES = 2 ** 20;
/** Both halves of the line must say so: pages that V8 keeps for later are taken in one of them. */
const STEADY_SHARE = 0.5;

type Total = Pick<ResultFit, "totalPerUnitBytes" | "parts" | "bookkeepingPerUnitBytes">;

/**
 * Adds up what one unit costs the process. Malloc holds most external memory, so only what goes beyond it is
 * added. Without malloc, the kernel's line tells what the heap and external memory leave out; without both,
 * the total is absent.
 *
 * @param span units between the smallest and the largest population
 * @param v8 version of the V8 that was measured
 */
export function addUp(
  perUnit: Interval,
  external: ResultReading,
  malloc: ResultReading,
  kernel: KernelLine | { absent: string },
  { span, v8 }: { span: number; v8: string },
): Total {
  const declared = isAbsent(external) ? 0 : external.value;
  const heap = perUnit.value - declared;
  const unseen = isAbsent(kernel) ? undefined : beyond(kernel, perUnit, declared, malloc);
  if (isAbsent(malloc) && isAbsent(kernel)) return { totalPerUnitBytes: { absent: malloc.absent } };

  const parts = [{ name: HEAP, bytes: heap }];
  if (declared !== 0) parts.push({ name: EXTERNAL, bytes: declared });
  let [low, high] = [perUnit.low, perUnit.high];
  let bookkeeping: number | undefined;
  if (!isAbsent(malloc)) {
    const { value, low: least, high: most } = malloc;
    bookkeeping = Math.min(Math.max(0, value - declared), Math.max(0, heap) * bookkeepingShare(v8));
    const taken = declared + bookkeeping;
    const native = value - taken;
    if (native > Math.max(1, BOOKKEEPING_OF_A_PAGE_BYTES / span)) {
      parts.push({ name: NATIVE, bytes: native });
      low += Math.max(0, least - taken);
      high += Math.max(0, most - taken);
    }
  }
  if (unseen !== undefined) {
    parts.push({ name: KERNEL, bytes: unseen.value });
    low += unseen.low;
    high += unseen.high;
  }
  const value = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    totalPerUnitBytes: { value, low: Math.min(low, value), high: Math.max(high, value) },
    parts,
    ...(bookkeeping === undefined ? {} : { bookkeepingPerUnitBytes: bookkeeping }),
  };
}

/** The total with a share of what was there before and all units use. */
export function withShared(total: Total, shared: Result["shared"]): Total {
  const { totalPerUnitBytes: own, parts = [] } = total;
  if (shared === undefined || own === undefined || !("value" in own)) return total;
  const { perUnitBytes: share } = shared;
  return {
    ...total,
    totalPerUnitBytes: { value: own.value + share, low: own.low + share, high: own.high + share },
    parts: [...parts, { name: SHARED, bytes: share }],
  };
}

/**
 * Bytes that the kernel counts beyond V8's pages, external memory and malloc; undefined where they are too few to tell.
 * External memory is that of the line: a WebAssembly memory that grows once for many instances is declared at once, and
 * its pages are taken one by one.
 */
function beyond(
  { mapped, mappedAtEndBytes, perUnitBytes, instances }: KernelLine,
  perUnit: Interval,
  declared: number,
  malloc: ResultReading,
): Interval | undefined {
  const native = isAbsent(malloc) ? 0 : Math.max(0, malloc.value);
  const all = Math.max(perUnitBytes.value, perUnit.value, native);
  const declaredAndMapped = Math.max(0, declared - native);
  const value = mapped.value - declaredAndMapped;
  const low = mapped.low - declaredAndMapped;
  if (value * instances < KERNEL_LEAST_BYTES) return undefined;
  if (low <= STEADY_SHARE * value || value <= KERNEL_SHARE * all) return undefined;
  // Among few instances the line is steep where V8's first pages fill: all pages together are no more than it knows of.
  if (mappedAtEndBytes - declaredAndMapped * instances <= STEADY_SHARE * value * instances) return undefined;
  return { value, low, high: mapped.high - declaredAndMapped };
}

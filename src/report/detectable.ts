import { isAbsent } from "../system/probe/reading.js";
import type { Result } from "../record/schema.js";

/** For sums and quotients of exact counts: one decimal place is enough to tell them apart. */
export const DERIVED_DOUBT_BYTES = 0.1;
/** The kernel counts whole pages. */
export const PAGE_BYTES = 4096;
/** V8 allocates whole words. */
const WORD_BYTES = 8;
/** A malloc chunk has a header and is rounded up, so a slope of malloc is uncertain by about one byte. */
const NATIVE_SLOPE_BYTES = 1;

/**
 * The smallest difference in bytes that a figure of a result can show, by the name of its field: a page for a
 * line over pages, a word for a fixed cost, and for a slope or a reading what the null control shows.
 */
export function detectableBytes(result: Result, field: string): number {
  const isOfPages = !isAbsent(result.fit) && result.fit.source !== undefined;
  switch (field) {
    case "totalPerUnitBytes":
      return isOfPages || isAbsent(result.fit)
        ? PAGE_BYTES
        : (result.fit.parts?.length ?? 1) > 1
          ? Math.max(result.minimumDetectableBytes, NATIVE_SLOPE_BYTES)
          : result.minimumDetectableBytes;
    case "perUnitBytes":
      return isOfPages ? PAGE_BYTES : result.minimumDetectableBytes;
    case "fixedBytes":
      return isOfPages ? PAGE_BYTES : WORD_BYTES;
    case "nativePerUnitBytes":
      return NATIVE_SLOPE_BYTES;
    case "externalPerUnitBytes":
      return DERIVED_DOUBT_BYTES;
    default:
      return result.minimumDetectableBytes;
  }
}

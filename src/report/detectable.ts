import { isAbsent } from "../system/probe/reading.js";
import type { Result } from "../record/schema.js";

/** Of sums and quotients of exact counts: one place is enough to tell them apart. */
export const DERIVED_DOUBT_BYTES = 0.1;
/** The kernel counts whole pages. */
export const PAGE_BYTES = 4096;
/** V8 hands out memory by words. */
const WORD_BYTES = 8;
/** A malloc chunk has a header and is rounded up, which leaves a byte of a slope to chance. */
const NATIVE_SLOPE_BYTES = 1;

/**
 * The least that a figure of a result can tell, in bytes, by the name of its field: of a line over pages a page,
 * of a fixed cost a word, of a slope or a reading what the null control says.
 */
export function detectableBytes(result: Result, field: string): number {
  const isOfPages = !isAbsent(result.fit) && result.fit.source !== undefined;
  switch (field) {
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

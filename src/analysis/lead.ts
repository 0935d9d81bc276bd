import type { Fit } from "./fit.js";

/** Which of two lines speaks for the subject, and what the other one says. */
export interface Lead {
  from: "warm" | "cold";
  fit: Fit | undefined;
  /** The size that is left out of the line, because something that is paid once lies beside it. */
  without?: "first" | "last";
  /** The line that does not lead, where the two differ by more than they can. */
  other?: Fit | undefined;
}

interface Given {
  /** Whether dropped instances leave memory behind. */
  kept: boolean;
  /** Instances between the smallest and the largest population. */
  instances: number;
  isMalloc?: boolean;
  /** How far the mean of the instances may lie from population to population, as a share of it. */
  spread?: number;
  /** Slopes of the first population from each of its sizes to the next. */
  steps: readonly number[];
  /**
   * How far the populations after the warm-up are from the first one at both ends, for each instance, bytes: empty, and
   * at the largest size.
   */
  apart?: number | undefined;
}

/** Lines that are this close say the same. */
const AGREEMENT = 0.01;
/** Malloc rounds, and splits free chunks that happen to be there. */
const AGREEMENT_OF_MALLOC = 0.05;
const AGREEMENT_OF_KEPT = 0.05;
/** What the first population may pay once beside its instances, bytes. */
const FIRST_USE_BYTES = 2048;
/** Book-keeping of two pages of V8 more or less. */
const FIRST_USE_OF_MALLOC_BYTES = 8192;

/** Whether the populations lie on one line, the same in all processes. */
function isExact({ shape, perUnitBytes: { value, low, high } }: Fit): boolean {
  return shape === "linear" && high - low <= AGREEMENT * Math.abs(value);
}

/**
 * The line after a warm-up is the exact one. But a table, a pool or a memory that grew in the warm-up and
 * never shrinks costs nothing any more, and what is kept by a key that comes again takes the place of itself.
 * The first population of a process shows both. So that line leads where the two differ.
 *
 * Malloc fills first populations from memory that nobody used before; later ones are filled in part from what an
 * addon keeps in a cache of its own.
 *
 * @param late the line of the first population without its smallest size, which may pay what is paid once
 * @param early the line without its largest size: what is loaded in the background may be ready only then
 */
export function leadingLine(
  {
    warm,
    cold,
    late,
    early,
  }: Record<"warm" | "cold", Fit | undefined> & { late?: Fit | undefined; early?: Fit | undefined },
  { kept, instances, steps, apart, isMalloc = false, spread = 0 }: Given,
): Lead {
  if (warm === undefined || cold === undefined) return { from: "warm", fit: warm };
  const [from, to] = [warm.perUnitBytes, cold.perUnitBytes];
  const largest = Math.max(Math.abs(from.value), Math.abs(to.value));
  const tolerance = Math.max(
    largest * Math.max(spread, isMalloc ? AGREEMENT_OF_MALLOC : AGREEMENT),
    (isMalloc ? FIRST_USE_OF_MALLOC_BYTES : FIRST_USE_BYTES) / Math.max(1, instances),
  );
  const difference = Math.abs(to.value - from.value);
  // What is paid once (a library that is loaded late) lies between two sizes; a table grows between all.
  const paidOnce = (share: number): boolean =>
    steps.some((step) => Math.abs(step - from.value) <= Math.max(tolerance, share * largest));
  // The readings after a warm-up hold what all populations before left, and only an estimate of it is taken off.
  if (kept) {
    if (cold.shape === "linear" || !paidOnce(AGREEMENT_OF_KEPT)) return { from: "cold", fit: cold };
    if (isExact(warm) || late === undefined) return { from: "warm", fit: warm };
    const off = (line: Fit): number => Math.abs(line.perUnitBytes.value - from.value);
    const isPaidLast =
      early !== undefined && off(late) > AGREEMENT_OF_KEPT * largest && off(early) < off(late);
    return isPaidLast
      ? { from: "cold", fit: early, without: "last" }
      : { from: "cold", fit: late, without: "first" };
  }
  if (!(difference > tolerance))
    return isMalloc && isExact(cold) && difference > AGREEMENT * largest
      ? { from: "cold", fit: cold }
      : { from: "warm", fit: warm };
  const overlap = from.low <= to.high && to.low <= from.high;
  // Nothing grew that stays: the first sizes only met other edges of a pool that is filled piece by piece.
  const isSameAtBothEnds = apart !== undefined && apart <= tolerance;
  if (overlap || isSameAtBothEnds || paidOnce(0) || to.value < 0) return { from: "warm", fit: warm };
  return { from: "cold", fit: cold, other: warm };
}

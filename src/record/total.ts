import type { ResultFit, ResultReading } from "./schema.js";

export const HEAP = "V8's heap";
export const EXTERNAL = "external, declared to V8";
export const NATIVE = "native, that V8 is not told of";
export const KERNEL = "seen by the kernel alone";
/** The part of a total that was there before, divided among the units that use it. */
export const SHARED = "a share of what all use";

/**
 * What one unit costs the process, which budgets, capacity and comparisons judge. A result of an earlier
 * version, and one of a command, know only the line itself.
 */
export function totalOf(fit: ResultFit): ResultReading {
  return fit.totalPerUnitBytes ?? fit.perUnitBytes;
}

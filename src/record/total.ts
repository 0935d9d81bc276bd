import type { ResultFit, ResultReading } from "./schema.js";

/**
 * What one unit costs the process, which budgets, capacity and comparisons judge. A result of an earlier
 * version, and one of a command, know only the line itself.
 */
export function totalOf(fit: ResultFit): ResultReading {
  return fit.totalPerUnitBytes ?? fit.perUnitBytes;
}

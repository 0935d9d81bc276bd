import { availableParallelism } from "node:os";

/**
 * Number of cells that run at the same time. Each reading covers one process only, so cells do not disturb
 * each other.
 */
export function slotsHere(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

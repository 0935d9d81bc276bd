import { availableParallelism } from "node:os";

/** Cells that run side by side; readings are of each process alone and do not disturb one another. */
export function slotsHere(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

import type { Line } from "../base/fitting.js";
import { unitsWithin } from "../base/fitting.js";
import type { PredictedWall, ProcessLines, WallName } from "../record/fits.js";

export interface ProcessLimits {
  memoryBytes: number;
  /** V8's limit on its old generation. */
  oldSpaceBytes: number;
  /** What the young generation takes of the container. */
  youngBytes: number;
  descriptors?: number;
}

/**
 * Pages of V8's heap over the live objects on them: pages that are not full, and garbage that waits for the next
 * collection. Measured in processes at the wall of a container, with V8's limit just beyond it.
 */
const HEAP_PAGES = 1.02;

/**
 * The walls that a growing population meets, the nearest first. This is the only place where the capacity of a process
 * is computed: budgets, summaries, pages and the start of a search ask here.
 */
export function predictedWalls(
  lines: ProcessLines,
  limits: ProcessLimits,
): [PredictedWall, ...PredictedWall[]] {
  const container = wallAt("container", residentLine(lines, limits.youngBytes), limits.memoryBytes);
  const others = [wallAt("heap", lines.heap, limits.oldSpaceBytes)];
  if (lines.descriptors !== undefined && limits.descriptors !== undefined)
    others.push(wallAt("descriptors", lines.descriptors, limits.descriptors));
  const [first = container, ...rest] = [container, ...others].sort((a, b) => a.fits - b.fits);
  return [first, ...rest];
}

/** Pages that a container's limit counts. */
export function residentLine({ heap, beyondHeap }: ProcessLines, youngBytes: number): Line {
  return {
    fixed: heap.fixed * HEAP_PAGES + beyondHeap.fixed + youngBytes,
    perUnit: heap.perUnit * HEAP_PAGES + beyondHeap.perUnit,
  };
}

function wallAt(wall: WallName, line: Line, limit: number): PredictedWall {
  return { wall, fits: unitsWithin(limit, line) };
}

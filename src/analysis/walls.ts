import type { Line, PredictedWall, ProcessLines, WallName } from "../record/fits.js";

export interface ProcessLimits {
  memoryBytes: number;
  /** V8's limit on its old generation. */
  oldSpaceBytes: number;
  descriptors?: number;
}

/**
 * The walls that a growing population meets, the nearest first. This is the only place where a capacity is
 * computed from lines: budgets, summaries, pages and the start of a search ask here.
 */
export function predictedWalls(
  lines: ProcessLines,
  limits: ProcessLimits,
): [PredictedWall, ...PredictedWall[]] {
  const container = wallAt("container", lines.resident, limits.memoryBytes);
  const others = [wallAt("heap", lines.heap, limits.oldSpaceBytes)];
  if (lines.descriptors !== undefined && limits.descriptors !== undefined)
    others.push(wallAt("descriptors", lines.descriptors, limits.descriptors));
  const [first = container, ...rest] = [container, ...others].sort((a, b) => a.fits - b.fits);
  return [first, ...rest];
}

function wallAt(wall: WallName, { fixed, perUnit }: Line, limit: number): PredictedWall {
  const left = limit - fixed;
  if (left < 0) return { wall, fits: 0 };
  return { wall, fits: perUnit > 0 ? Math.floor(left / perUnit) : Number.POSITIVE_INFINITY };
}

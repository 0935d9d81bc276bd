/** A quantity as a line over the number of units. */
export interface Line {
  fixed: number;
  perUnit: number;
}

/** How many units stay within a limit: infinitely many where one takes nothing. Every capacity comes from here. */
export function unitsWithin(limit: number, { fixed, perUnit }: Line): number {
  const left = limit - fixed;
  if (left < 0) return 0;
  return perUnit > 0 ? Math.floor(left / perUnit) : Number.POSITIVE_INFINITY;
}

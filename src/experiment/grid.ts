import type { Factors, Level } from "./define.js";

/** All combinations of the levels except the excluded ones; the first factor varies slowest. */
export function gridOf(
  factors: Record<string, readonly Level[]>,
  exclude: readonly Factors[] = [],
): Factors[] {
  let cells: Factors[] = [{}];
  for (const [name, levels] of Object.entries(factors)) {
    cells = cells.flatMap((cell) => levels.map((level) => ({ ...cell, [name]: level })));
  }
  return cells.filter((cell) => !exclude.some((pattern) => matches(cell, pattern)));
}

function matches(cell: Factors, pattern: Factors): boolean {
  return Object.entries(pattern).every(([name, level]) => cell[name] === level);
}

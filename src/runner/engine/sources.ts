import type { CellEnd } from "../../record/cell-end.js";
import { canonical } from "./content-hash.js";
import { levelsToRun } from "./frontier.js";
import type { ReadyCell, WorkSource } from "../schedule/work-source.js";
import type { PreparedCell } from "./prepare.js";

export type PlannedWork = PreparedCell & ReadyCell;

/**
 * Searches for the largest level that fits. Each end decides which cell is next.
 *
 * @param cells every cell of the experiment, those that ran before with their ends
 */
export function byBisection(
  frontier: string,
  cells: readonly PlannedWork[],
  before: ReadonlyMap<string, CellEnd>,
): WorkSource<PlannedWork> {
  const ends = new Map(before);
  const taken = new Set<string>();
  const again: PlannedWork[] = [];
  const ready: PlannedWork[] = [];
  const known = (): { factors: PlannedWork["factors"]; trial: number; end: CellEnd | undefined }[] =>
    cells.map(({ key, factors, trial }) => ({ factors, trial, end: ends.get(key) }));
  const begun = cells.filter(({ key }) => before.has(key));
  const refill = (): void => {
    const wanted = levelsToRun(frontier, known(), begun);
    for (const cell of cells) {
      if (!wanted.has(canonical(cell.factors)) || taken.has(cell.key) || ends.has(cell.key)) continue;
      taken.add(cell.key);
      ready.push(cell);
    }
  };
  return {
    take: () => {
      const next = again.shift() ?? ready.shift();
      if (next !== undefined) return next;
      refill();
      return ready.shift();
    },
    requeue: (cell) => again.push(cell),
    ended: (cell, end) => {
      if (end.outcome !== "oom-watchdog") ends.set(cell.key, end);
    },
  };
}

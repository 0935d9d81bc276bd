import { canonical } from "./content-hash.js";
import type { PreparedCell } from "./prepare.js";
import type { RunState, Unit } from "./state.js";
import { isDone, unitKey } from "./state.js";
import { isOutOfMemory } from "../../record/cell-end.js";
import type { Outcome } from "../../record/cell-end.js";
import { bytesWithBinaryUnit } from "../../base/format.js";

/** Expected use of a cell, from earlier cells. */
export interface Expectation {
  peakBytes?: number;
  durationMs?: number;
}

export interface PlanEntry {
  cell: PreparedCell;
  key: string;
  run: boolean;
  /** Why the trial runs or does not run, as one clause. */
  reason: string;
}

/** Decides from the journal which trials of the plan are to run. */
export function planOf(
  cells: readonly PreparedCell[],
  state: RunState | undefined,
  retry: readonly Outcome[],
): PlanEntry[] {
  let before: Set<string> | undefined;
  return cells.map((cell) => {
    const key = unitKey(cell);
    const unit = state?.units.get(key);
    if (unit === undefined) {
      before ??= new Set([...(state?.units.values() ?? [])].map(({ planned }) => placeOf(planned)));
      const reason = before.has(placeOf(cell))
        ? "its source, settings or Node version changed"
        : "not run yet";
      return { cell, key, run: true, reason };
    }
    return { cell, key, ...decide(unit, cell, retry) };
  });
}

/**
 * Identifies a trial without its content hash. So an edited cell is recognised as the same cell with new
 * content.
 */
function placeOf({
  experiment,
  role,
  part,
  factors,
  trial,
}: Pick<PreparedCell, "experiment" | "role" | "part" | "factors" | "trial">): string {
  return canonical([experiment, role, part, factors, trial]);
}

function decide(unit: Unit, cell: PreparedCell, retry: readonly Outcome[]): { run: boolean; reason: string } {
  const { last, open } = unit;
  if (last === undefined)
    return open === undefined
      ? { run: true, reason: "not run yet" }
      : { run: true, reason: "the runner ended while it ran" };
  const { outcome, memory } = last.end;
  if (retry.includes(outcome)) return { run: true, reason: `retry of ${outcome}` };
  if (outcome === "interrupted") return { run: true, reason: "interrupted" };
  if (!isDone(unit)) {
    // A failed cell runs again only if the user asks. The host's shortage of memory is no fault of the cell.
    return outcome === "oom-watchdog"
      ? { run: true, reason: "ended because the host ran short of memory" }
      : { run: false, reason: `failed before (${outcome}); bytesper retry runs it again` };
  }
  if (
    isOutOfMemory(outcome) &&
    outcome !== "oom-device" &&
    (cell.capBytes ?? Infinity) > (memory.capBytes ?? Infinity)
  ) {
    const was = bytesWithBinaryUnit(memory.capBytes ?? 0);
    const now = cell.capBytes === undefined ? "none" : bytesWithBinaryUnit(cell.capBytes);
    return { run: true, reason: `ran out of memory under a cap of ${was}, which is ${now} now` };
  }
  return { run: false, reason: `done (${outcome})` };
}

/**
 * Cells that are in the journal and no longer in the plan, by experiment. Only experiments of the plan are
 * included.
 */
export function orphansOf(
  cells: readonly PreparedCell[],
  state: RunState | undefined,
): Map<string, string[]> {
  const planned = new Set(cells.map(unitKey));
  const experiments = new Set(cells.map(({ experiment }) => experiment));
  const orphans = new Map<string, Set<string>>();
  for (const [key, unit] of state?.units ?? []) {
    const { experiment, cell } = unit.planned;
    if (planned.has(key) || unit.orphan || !experiments.has(experiment)) continue;
    const known = orphans.get(experiment);
    if (known === undefined) orphans.set(experiment, new Set([cell]));
    else known.add(cell);
  }
  return new Map([...orphans].map(([experiment, hashes]) => [experiment, [...hashes]]));
}

import type { CollectedCell } from "../../analysis/collected.js";
import type { ProgramReading } from "../../experiment/define.js";
import type { EndedTrial, ResolvedStage, Rollout, RolloutCell } from "../../experiment/rollout/index.js";
import { rolloutOf } from "../../experiment/rollout/index.js";
import type { CellEnd } from "../../record/cell-end.js";
import type { WorkSource } from "../schedule/work-source.js";
import type { PlannedWork } from "./sources.js";

type Known = Pick<CollectedCell, "part" | "factors" | "end">;

/**
 * State of a rollout from its finished cells, and whether a cell is still needed. Follow-ups are not part of
 * the rollout.
 */
export function rolloutOfCells(
  stages: readonly ResolvedStage[],
  cells: readonly Known[],
): { rollout: Rollout; isWanted: (cell: Pick<Known, "part" | "factors">) => boolean } {
  const own = cells.filter(({ part }) => part === undefined);
  const { rollout, wanted } = rolloutOf(stages, own.map(rolloutCell));
  return {
    rollout,
    isWanted: ({ part, factors }) =>
      part === undefined &&
      wanted.some(({ stage, change }) => factors.stage === stage && factors.change === change),
  };
}

function rolloutCell({ factors, end }: Known): RolloutCell {
  return { stage: String(factors.stage), change: String(factors.change), ended: endedTrial(end) };
}

/** A cell that was ended from outside says nothing about its stage. */
function endedTrial(end: CellEnd | undefined): EndedTrial | undefined {
  if (end === undefined || end.outcome === "interrupted" || end.outcome === "oom-watchdog") return undefined;
  const { outcome, cause, memory, data } = end;
  const { readings = {} } = (data ?? {}) as { readings?: Record<string, ProgramReading> };
  return { outcome, cause, readings: { peakBytes: memory.peakBytes, ...readings } };
}

/**
 * Runs stages in order as their verdicts allow, then the follow-ups. The trials of a stage run one at a time
 * even with several slots: other cells running beside them could slow them down and break a criterion on
 * time.
 *
 * @param cells every cell of the experiment, those that ran before with their ends
 * @param others cells of follow-ups that are to run
 */
export function byStages(
  stages: readonly ResolvedStage[],
  cells: readonly PlannedWork[],
  before: ReadonlyMap<string, CellEnd>,
  others: readonly PlannedWork[],
): WorkSource<PlannedWork> {
  const ends = new Map(before);
  const underWay = new Set<string>();
  const again: PlannedWork[] = [];
  const last = [...others];
  const nextWanted = (): PlannedWork | undefined => {
    const { isWanted } = rolloutOfCells(
      stages,
      cells.map((cell) => ({ ...cell, end: ends.get(cell.key) })),
    );
    return cells.find((cell) => isWanted(cell) && !ends.has(cell.key));
  };
  return {
    take: () => {
      const next = again.shift();
      if (next !== undefined) return next;
      if (underWay.size > 0) return undefined;
      const wanted = nextWanted();
      if (wanted === undefined) return last.shift();
      underWay.add(wanted.key);
      return wanted;
    },
    requeue: (cell) => again.push(cell),
    ended: (cell, end) => {
      // This cell was put back because the host ran short of memory. It will run again, so it still counts as
      // under way.
      if (end.outcome === "oom-watchdog") return;
      underWay.delete(cell.key);
      ends.set(cell.key, end);
    },
  };
}

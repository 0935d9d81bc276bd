import type { Level } from "../define.js";
import type { Check, EndedTrial } from "./judge.js";
import { judge } from "./judge.js";
import { WHOLE } from "./names.js";
import type { ResolvedStage } from "./plan.js";
import { suspectsOf } from "./resolve.js";

export interface RolloutCell {
  stage: string;
  /** `all`, or the name of the only flag that is changed. */
  change: string;
  ended?: EndedTrial | undefined;
}

export const STAGE_VERDICTS = ["passed", "failed", "not run", "unfinished"] as const;

export interface StageVerdict extends ResolvedStage {
  verdict: (typeof STAGE_VERDICTS)[number];
  /** How the cell failed, as a clause; absent if it ended well. */
  failure?: string;
  checks: Check[];
  /** Why the cell was not run, as a clause. */
  why?: string;
}

/** The flags that make a stage fail. */
export interface Degradation {
  stage: string;
  /** Empty if no flag can be named. */
  flags: { flag: string; from: Level; to: Level }[];
  /** How the flags were found, or why none was found, as a clause. */
  how: string;
}

export interface Rollout {
  stages: StageVerdict[];
  /** Absent if every stage passed, or if it is not known yet. */
  degradation?: Degradation;
  /** What to roll back to: the last stage that passed. */
  rollback: { stage: string; flags: Record<string, Level> } | { absent: string };
  /** Whether the rollout has nothing left to run. */
  decided: boolean;
}

/** A cell to be run next. */
export type Wanted = Pick<RolloutCell, "stage" | "change">;

/**
 * Tells what the cells show so far and which cells to run next. Next comes the first stage without a verdict;
 * if a stage failed, the flags that it changed, one at a time; if nothing passed, the fallbacks. Pure: a run
 * that is resumed gets the same answer.
 */
export function rolloutOf(
  stages: readonly ResolvedStage[],
  cells: readonly RolloutCell[],
): { rollout: Rollout; wanted: Wanted[] } {
  const trials = trialsByCell(cells);
  const trialsOf = (stage: string | undefined, change = WHOLE): readonly EndedTrial[] | undefined =>
    stage === undefined ? undefined : trials.get(keyOf({ stage, change }));
  const verdicts: StageVerdict[] = [];
  const wanted: Wanted[] = [];
  let failed: StageVerdict | undefined;
  let degradation: Degradation | undefined;
  for (const stage of stages) {
    const { name, bounds, previous, fallback } = stage;
    const reason = notRunBecause(fallback, failed, verdicts);
    const ended = trialsOf(name);
    // A stage that ran before the plan changed but is not needed now has no verdict in this rollout.
    if (reason !== undefined || wanted.length > 0) {
      verdicts.push({
        ...stage,
        verdict: "not run",
        checks: [],
        why: reason ?? "a stage before it has no verdict yet",
      });
      continue;
    }
    if (ended === undefined) {
      wanted.push({ stage: name, change: WHOLE });
      verdicts.push({ ...stage, verdict: "unfinished", checks: [] });
      continue;
    }
    const { passed, ...rest } = judge(bounds, ended, trialsOf(previous));
    const verdict: StageVerdict = { ...stage, verdict: passed ? "passed" : "failed", ...rest };
    verdicts.push(verdict);
    if (passed || failed !== undefined) continue;
    failed = verdict;
    const missing = suspectsOf(stage).filter((flag) => trialsOf(name, flag) === undefined);
    wanted.push(...missing.map((change) => ({ stage: name, change })));
    if (missing.length === 0) {
      const guilty = suspectsOf(stage).filter(
        (flag) => !judge(bounds, trialsOf(name, flag) ?? [], trialsOf(previous)).passed,
      );
      degradation = degradationOf(verdict, stages, guilty);
    }
  }
  const last = verdicts.findLast(({ verdict }) => verdict === "passed");
  return {
    rollout: {
      stages: verdicts,
      ...(degradation === undefined ? {} : { degradation }),
      rollback:
        last === undefined ? { absent: "no stage has passed" } : { stage: last.name, flags: last.flags },
      decided: wanted.length === 0,
    },
    wanted,
  };
}

function notRunBecause(
  fallback: boolean,
  failed: StageVerdict | undefined,
  verdicts: readonly StageVerdict[],
): string | undefined {
  const passed = verdicts.find(({ verdict }) => verdict === "passed");
  if (!fallback) return failed === undefined ? undefined : `${failed.name} failed before it`;
  if (passed !== undefined) return `${passed.name} passed`;
  return undefined;
}

function degradationOf(
  { name, flags, previous, changed }: StageVerdict,
  stages: readonly ResolvedStage[],
  guilty: readonly string[],
): Degradation {
  const before = stages.find((stage) => stage.name === previous)?.flags;
  if (before === undefined)
    return { stage: name, flags: [], how: "no stage passed before it that its flags could be compared with" };
  if (changed.length === 0) return { stage: name, flags: [], how: "it changes no flag" };
  const named = guilty.length > 0 ? guilty : changed;
  const how =
    changed.length === 1
      ? "the only flag that the stage changes"
      : guilty.length > 0
        ? "each flag of the stage was run alone"
        : "no flag of the stage fails alone; they fail together";
  return {
    stage: name,
    flags: named.map((flag) => ({ flag, from: before[flag] as Level, to: flags[flag] as Level })),
    how,
  };
}

function keyOf({ stage, change }: Wanted): string {
  return JSON.stringify([stage, change]);
}

/** The trials of each cell, only for cells in which all trials ended. */
function trialsByCell(cells: readonly RolloutCell[]): Map<string, EndedTrial[]> {
  const trials = new Map<string, EndedTrial[]>();
  const open = new Set<string>();
  for (const cell of cells) {
    const key = keyOf(cell);
    if (cell.ended === undefined) open.add(key);
    else trials.set(key, [...(trials.get(key) ?? []), cell.ended]);
  }
  for (const key of open) trials.delete(key);
  return trials;
}

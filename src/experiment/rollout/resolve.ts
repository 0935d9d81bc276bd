import type { Factors } from "../define.js";
import { boundsOf } from "./bounds.js";
import { WHOLE } from "./names.js";
import { inOrder, predecessorsOf } from "./order.js";
import type { Flags, ResolvedStage, RolloutPlan } from "./plan.js";

/**
 * The stages of a plan in the order of running, fallbacks last. The plan must have passed `rolloutProblem`.
 */
export function resolveRollout({
  flags: initial,
  criteria = {},
  stages,
  fallback = [],
}: RolloutPlan): ResolvedStage[] {
  const ordered = inOrder(stages);
  if ("cycle" in ordered) throw new Error(`a cycle of stages: ${ordered.cycle.join(", ")}`);
  const needs = predecessorsOf(stages);
  const resolved: ResolvedStage[] = [];
  for (const { name, flags: own, criteria: further = {} } of ordered.order) {
    const before = resolved.filter((stage) => needs.get(name)?.includes(stage.name));
    const previous = before.at(-1);
    // If several stages come before, take from each only what it changed. Otherwise a later one would undo an
    // earlier one.
    const merged = before.reduce<Flags>(
      (flags, stage) => ({ ...flags, ...differing(stage.flags, initial) }),
      initial,
    );
    const flags = { ...merged, ...own };
    resolved.push({
      name,
      flags,
      changed: previous === undefined ? Object.keys(own) : Object.keys(differing(flags, previous.flags)),
      ...(previous === undefined ? {} : { previous: previous.name }),
      bounds: boundsOf(criteria, further),
      fallback: false,
    });
  }
  let cautious: Flags = resolved[0]?.flags ?? initial;
  for (const { name, flags: own, criteria: further = {} } of fallback) {
    const flags = { ...cautious, ...own };
    cautious = flags;
    resolved.push({
      name,
      flags,
      changed: Object.keys(own),
      bounds: boundsOf(criteria, further),
      fallback: true,
    });
  }
  return resolved;
}

function differing(flags: Flags, from: Flags): Record<string, Flags[string]> {
  return Object.fromEntries(Object.entries(flags).filter(([name, level]) => from[name] !== level));
}

/** Names of the levels in every cell of a rollout. */
export function columnsOf({ flags }: Pick<RolloutPlan, "flags">): string[] {
  return ["stage", "change", ...Object.keys(flags)];
}

/**
 * The points of the grid: one for each stage. A stage that changes several flags also gets one point per
 * flag, with the other flags as in the stage before. These points run only if the stage fails, to find the
 * flag that caused it.
 */
export function rolloutGrid(stages: readonly ResolvedStage[]): Factors[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  return stages.flatMap((stage) => {
    const previous = byName.get(stage.previous ?? "");
    return [
      { stage: stage.name, change: WHOLE, ...stage.flags },
      ...suspectsOf(stage).map((flag) => ({
        stage: stage.name,
        change: flag,
        ...previous?.flags,
        [flag]: stage.flags[flag] as Flags[string],
      })),
    ];
  });
}

/**
 * The flags to try one by one if the stage fails: none if it changes only one flag or has no stage before it.
 */
export function suspectsOf({ previous, changed }: ResolvedStage): string[] {
  return previous === undefined || changed.length < 2 ? [] : changed;
}

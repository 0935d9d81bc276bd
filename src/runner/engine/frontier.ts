import type { CollectedCell } from "../../analysis/collected.js";
import type { ExperimentRecord } from "../../record/experiment-record.js";
import type { Factors } from "../../experiment/define.js";
import type { Outcome } from "../../record/cell-end.js";
import { isOutOfMemory } from "../../record/cell-end.js";
import { canonical } from "./content-hash.js";

/** The largest level that fits and the smallest that does not, for one combination of the other factors. */
export interface FrontierInterval {
  factor: string;
  others: Factors;
  /** Absent if even the smallest level does not fit, or no fitting level is known yet. */
  fits?: number;
  /** Absent if even the largest level fits, or no failing level is known yet. */
  failsAt?: number;
  cellsRun: number;
  cellsSaved: number;
}

export interface Frontier {
  interval: FrontierInterval;
  /** Set if a larger level fits and a smaller one does not. The factor was declared monotone and is not. */
  notMonotone?: string;
}

interface Line {
  others: Factors;
  /** Ascending. */
  levels: { level: number; outcome: Outcome | undefined }[];
}

/** Frontiers as far as the finished cells show them; undefined if the experiment searches no frontier. */
export function frontiersOf(
  { frontier }: Pick<ExperimentRecord, "frontier">,
  cells: readonly Pick<CollectedCell, "factors" | "end" | "trial">[],
): Frontier[] | undefined {
  if (frontier === undefined) return undefined;
  return linesOf(frontier, cells).map(({ others, levels }) => {
    const known = levels.filter(({ outcome }) => outcome !== undefined);
    const fits = known.findLast(({ outcome }) => outcome === "ok")?.level;
    const failsAt = known.find(({ outcome }) => outcome !== undefined && isOutOfMemory(outcome))?.level;
    const crossed = fits !== undefined && failsAt !== undefined && failsAt < fits;
    const interval: FrontierInterval = {
      factor: frontier,
      others,
      ...(fits === undefined ? {} : { fits }),
      ...(failsAt === undefined ? {} : { failsAt }),
      cellsRun: known.length,
      cellsSaved: levels.length - known.length,
    };
    return {
      interval,
      ...(crossed
        ? {
            notMonotone: `${frontier}=${fits} fits and ${frontier}=${failsAt} does not: memory does not grow with ${frontier} here, and the bisection may have missed the frontier.`,
          }
        : {}),
    };
  });
}

/**
 * The points whose cells are to run next. In an interrupted search, some trials of a level may have ended. They decide
 * the level, so the search itself would not ask for its other trials; these are added.
 *
 * @param begun cells of earlier runners that ended
 */
export function levelsToRun(
  frontier: string,
  cells: Parameters<typeof nextLevels>[1],
  begun: readonly { factors: Factors }[],
): Set<string> {
  return new Set(
    [...begun, ...nextLevels(frontier, cells).map((factors) => ({ factors }))].map((each) =>
      canonical(each.factors),
    ),
  );
}

/**
 * The level to run next, for each combination of the other factors. If nothing is known, it is an end of the
 * range. Otherwise it is the middle between the largest level that fits and the smallest that does not. A
 * level that ended for another reason than memory is skipped.
 */
export function nextLevels(
  frontier: string,
  cells: readonly Pick<CollectedCell, "factors" | "end" | "trial">[],
): Factors[] {
  return linesOf(frontier, cells).flatMap(({ others, levels }) => {
    const low = levels.findLastIndex(({ outcome }) => outcome === "ok");
    const firstFailing = levels.findIndex(({ outcome }) => outcome !== undefined && isOutOfMemory(outcome));
    const high = firstFailing === -1 ? levels.length : firstFailing;
    const open = levels.flatMap(({ outcome }, index) =>
      outcome === undefined && index > low && index < high ? [index] : [],
    );
    const chosen = open[Math.floor((open.length - 1) / 2)];
    const level = chosen === undefined ? undefined : levels[chosen]?.level;
    return level === undefined ? [] : [{ ...others, [frontier]: level }];
  });
}

function linesOf(
  frontier: string,
  cells: readonly Pick<CollectedCell, "factors" | "end" | "trial">[],
): Line[] {
  const lines = new Map<string, Line>();
  for (const { factors, end } of cells) {
    const { [frontier]: level, ...others } = factors;
    if (typeof level !== "number") continue;
    const key = JSON.stringify(others);
    const line = lines.get(key) ?? { others, levels: [] };
    lines.set(key, line);
    const outcome = end === undefined || end.outcome === "interrupted" ? undefined : end.outcome;
    const known = line.levels.find((each) => each.level === level);
    if (known === undefined) line.levels.push({ level, outcome });
    // A level fits only if every trial of it fits.
    else if (outcome !== undefined && (known.outcome === undefined || isOutOfMemory(outcome)))
      known.outcome = outcome;
  }
  for (const line of lines.values()) line.levels.sort((a, b) => a.level - b.level);
  return [...lines.values()];
}

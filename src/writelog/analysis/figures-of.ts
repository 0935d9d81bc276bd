import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import { absent } from "../../system/probe/reading.js";
import type { Kind } from "../event.js";
import { COMMIT, MERGE } from "../event.js";
import type { Cells } from "./cells.js";
import { CELL_STEPS } from "./cells.js";
import type { Exposed } from "./change-point.js";
import { commitsEnd } from "./change-point.js";
import { gatesOf, scoresOf } from "./gates.js";
import type { Figures } from "./report.js";
import type { Tally } from "./tally.js";
import { stagedAndPromoted } from "./tally.js";
import { lagCorrelations } from "./windows.js";

/** Longest series, in cells. A log of 300 million steps would take minutes and a gigabyte. */
const MOST_SERIES_CELLS = 4_000_000;

/** The figures of a tally. `parts` are the runs in it; from them follows how many runs were active at a step. */
export function figuresOf(
  tally: Tally,
  parts: readonly Tally[],
  kinds: readonly Kind[],
  withCorrelations: boolean,
): Figures {
  const none = absent(tally.events === 0 ? "no event is within these steps" : "no row is a commit");
  const { commits, memSize, events } = tally;
  const { staged, promoted } = stagedAndPromoted(tally, kinds);
  const merges = tally.rowsOf(MERGE, kinds);
  const median = tally.delayQuantile(0.5);
  return {
    events,
    actions: countsBy(tally, kinds, ({ action }) => action),
    reasons: countsBy(tally, kinds, ({ reason }) => (reason === "" ? "(none)" : reason)),
    merges: Object.fromEntries(
      Object.entries(
        countsBy(
          tally,
          kinds.map((kind) => (kind.code === MERGE ? kind : undefined)),
          ({ reason }) => (reason === "" ? "(none)" : reason),
        ),
      ).map(([reason, rows]) => [reason, { rows, share: rows / merges }]),
    ),
    memSize:
      events === 0
        ? { min: none, max: none, maxLine: none, last: none }
        : { min: memSize.min, max: memSize.max, maxLine: memSize.maxLine, last: memSize.last },
    commits: {
      count: commits.count,
      firstStep: commits.count === 0 ? none : commits.first,
      lastStep: commits.count === 0 ? none : commits.last,
      firstLine: commits.count === 0 ? none : commits.firstLine,
      lastLine: commits.count === 0 ? none : commits.lastLine,
      distinctSteps:
        tally.commitSteps.omitted > 0
          ? absent(`more than ${tally.commitSteps.size}: the steps are too far apart to be counted exactly`)
          : tally.commitSteps.size,
    },
    promotePerStage: staged === 0 ? absent("no row is a stage") : promoted / staged,
    promotionDelay:
      median === undefined
        ? absent("no row is a promotion")
        : { median, p95: tally.delayQuantile(0.95) ?? median },
    gates: gatesOf(tally, kinds),
    scores: scoresOf(tally),
    commitsEnd: endOf(tally, parts),
    correlations:
      withCorrelations && hasSeries(tally)
        ? lagCorrelations(tally.cells, { from: tally.firstStep, to: lastStepOf(tally) })
        : [],
    increaseCount: 0,
  };
}

/** Rows by action or reason, the most frequent first. */
function countsBy(
  tally: Tally,
  kinds: readonly (Kind | undefined)[],
  wordOf: (kind: Kind) => string,
): Record<string, number> {
  const counts = new Map<string, number>();
  kinds.forEach((kind, id) => {
    const rows = tally.kinds[id]?.rows ?? 0;
    if (kind !== undefined && rows > 0) counts.set(wordOf(kind), (counts.get(wordOf(kind)) ?? 0) + rows);
  });
  return Object.fromEntries([...counts].sort((one, other) => other[1] - one[1]));
}

function endOf(tally: Tally, parts: readonly Tally[]): Figures["commitsEnd"] {
  if (tally.events === 0) return absent("no event is within these steps");
  if (!hasSeries(tally) || tally.cells.omitted > 0) return absent("the steps are too far apart for a series");
  const spans = parts.flatMap((part) => {
    // During the warm-up nothing can be committed, so the warm-up is not part of the time in which commits could
    // come.
    const from = cellOf(part.warmUpEnd === -1 ? part.firstStep : part.warmUpEnd + 1);
    const to = cellOf(lastStepOf(part));
    return part.events === 0 || to < from ? [] : { from, to };
  });
  if (spans.length === 0) return absent("no run went on after its warm-up");
  const from = smallestOf(spans.map((span) => span.from));
  const cells = exposure(spans, from, largestOf(spans.map((span) => span.to)));
  addCommits(cells, tally.cells, from);
  return commitsEnd(
    cells,
    (cell) => (from + cell) * CELL_STEPS,
    (step) => tally.commitSteps.lastBefore(step),
  );
}

/** For each cell, the sum over all runs of the steps that each run spent in it. */
function exposure(spans: readonly { from: number; to: number }[], from: number, to: number): Exposed[] {
  const changes = new Int32Array(to - from + 2);
  for (const span of spans) {
    (changes[span.from - from] as number) += 1;
    (changes[span.to - from + 1] as number) -= 1;
  }
  let runs = 0;
  return Array.from({ length: to - from + 1 }, (_, cell) => {
    runs += changes[cell] as number;
    return { commits: 0, steps: runs * CELL_STEPS };
  });
}

function addCommits(series: Exposed[], cells: Cells, from: number): void {
  for (const [cell, counts] of cells) {
    const place = series[cell - from];
    if (place !== undefined) place.commits += counts[COMMIT] as number;
  }
}

function hasSeries(tally: Tally): boolean {
  return tally.events > 0 && cellOf(lastStepOf(tally)) - cellOf(tally.firstStep) < MOST_SERIES_CELLS;
}

function lastStepOf(tally: Tally): number {
  return Math.max(tally.lastStep, tally.firstStep);
}

function cellOf(step: number): number {
  return Math.floor(step / CELL_STEPS);
}

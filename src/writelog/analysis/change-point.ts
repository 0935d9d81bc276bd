import type { Absent } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";

/** Commits in a stretch of steps, and for how many steps runs were under way in it, all runs together. */
export interface Exposed {
  commits: number;
  steps: number;
}

export interface CommitsEnd {
  /** The last commit before the rate falls. */
  step: number;
  /** Where the rate falls: the first step of the slower part. */
  changeStep: number;
  before: Exposed & { perThousandSteps: number };
  after: Exposed & { perThousandSteps: number };
  /** Of two rates against one, natural logarithm. */
  logLikelihoodRatio: number;
  /** Upper bound on the chance of so large a ratio at any place, if the rate never fell. */
  probabilityAtMost: number;
  places: number;
}

/** Below it the fall is more than chance, as far as the model holds. */
export const SURE = 0.01;

/**
 * Where the rate of commits falls, by the likelihood of a Poisson process with one fall of its rate against one
 * without. Given N commits, the number n before a place that has the share p of all steps is binomial, and the log
 * of the likelihood ratio there is N KL(n/N, p). By Chernoff's bound it exceeds x on the side of a fall with a
 * probability of exp(-x) at most; over all K places that are tried, K exp(-x) (Boole's inequality).
 *
 * The model takes commits to be independent. Where they come in bursts the bound is too small.
 */
export function commitsEnd(
  cells: readonly Exposed[],
  stepOf: (cell: number) => number,
  lastCommitBefore: (step: number) => number | undefined,
): CommitsEnd | Absent {
  const all = sum(cells);
  if (all.commits < 2)
    return absent(all.commits === 0 ? "there is no commit" : "one commit alone has no rate that could fall");
  const places = cells.length - 1;
  if (places < 1) return absent("all events lie within ten steps");
  let best: { place: number; before: Exposed; ratio: number } | undefined;
  const before = { commits: 0, steps: 0 };
  for (const [index, cell] of cells.slice(0, -1).entries()) {
    before.commits += cell.commits;
    before.steps += cell.steps;
    const share = before.commits / all.commits;
    const exposure = before.steps / all.steps;
    if (share <= exposure) continue;
    const ratio = all.commits * divergence(share, exposure);
    if (best === undefined || ratio > best.ratio) best = { place: index + 1, before: { ...before }, ratio };
  }
  if (best === undefined) return absent("the rate of commits never falls");
  const { place, ratio, before: first } = best;
  const rest = { commits: all.commits - first.commits, steps: all.steps - first.steps };
  const changeStep = stepOf(place);
  const rate = (part: Exposed): Exposed & { perThousandSteps: number } => ({
    ...part,
    perThousandSteps: (1000 * part.commits) / part.steps,
  });
  return {
    step: lastCommitBefore(changeStep) ?? changeStep,
    changeStep,
    before: rate(first),
    after: rate(rest),
    logLikelihoodRatio: ratio,
    probabilityAtMost: Math.min(1, places * Math.exp(-ratio)),
    places,
  };
}

/** Of Kullback and Leibler, between two coins. */
function divergence(share: number, expected: number): number {
  const term = (one: number, other: number): number => (one === 0 ? 0 : one * Math.log(one / other));
  return term(share, expected) + term(1 - share, 1 - expected);
}

function sum(cells: readonly Exposed[]): Exposed {
  return cells.reduce(
    (total, { commits, steps }) => ({ commits: total.commits + commits, steps: total.steps + steps }),
    { commits: 0, steps: 0 },
  );
}

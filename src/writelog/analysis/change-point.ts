import type { Absent } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";

/** Commits in a range of steps, and the sum over all runs of the steps that each run spent in that range. */
export interface Exposed {
  commits: number;
  steps: number;
}

export interface CommitsEnd {
  step: number;
  /** The first step of the part with the lower rate. */
  changeStep: number;
  before: Exposed & { perThousandSteps: number };
  after: Exposed & { perThousandSteps: number };
  /** Natural logarithm of the likelihood of two rates over the likelihood of one. */
  logLikelihoodRatio: number;
  /** Upper bound on the probability of such a ratio anywhere, if the rate never fell. */
  probabilityAtMost: number;
  places: number;
}

/** If the probability is below this, the fall is reported. */
export const SURE = 0.01;

/**
 * Finds the step at which the rate of commits falls. It compares the likelihood of a Poisson process whose rate falls
 * once with one of constant rate. Given N commits in all, and a place before which the share p of all steps lies, the
 * number n of commits before that place is binomial, and the log likelihood ratio is N KL(n/N, p). By Chernoff's
 * bound, the probability that the ratio exceeds x on the side of a fall is at most exp(-x). Over all K places that
 * are tried, it is at most K exp(-x) (Boole's inequality).
 *
 * The model takes commits to be independent. If they come in bursts, the bound is too small.
 */
export function commitsEnd(
  cells: readonly Exposed[],
  stepOf: (cell: number) => number,
  lastCommitBefore: (step: number) => number | undefined,
): CommitsEnd | Absent {
  const all = sum(cells);
  if (all.commits < 2) return absent(all.commits === 0 ? "there is no commit" : "there is only one commit");
  const places = cells.length - 1;
  if (places < 1) return absent("all events are within ten steps");
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

/** Kullback-Leibler divergence of two Bernoulli distributions, in nats. */
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

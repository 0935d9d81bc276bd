import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import { isAbsent } from "../../system/probe/reading.js";
import { counted, fixed, percent, ratio } from "../../base/format.js";
import { SURE } from "../analysis/change-point.js";
import type { Rule } from "./rule.js";
import { MOST, MOST_RUNS, span } from "./rule.js";

/** If the memory did not grow in this part of a run, at its end, the memory is called frozen. */
const FROZEN_PART = 0.5;
const NEAR_ZERO = 0.05;
/** A kind of row is reported if it has this share of the rows before increases, and this many times its base rate. */
const COMMON = 0.2;
const MORE = 1.2;
const FEWEST_BUCKETS = 20;

export const stages: Rule = ({ actions, promotePerStage, gates: chain, runs }) => {
  const [staged, promoted] = [actions.stage ?? 0, actions.promote ?? 0];
  const staging = chain.find(({ gate }) => gate === "staging");
  if (staged === 0 || isAbsent(promotePerStage) || staging === undefined) return undefined;
  const lost = staged - promoted;
  if (lost <= 0) return undefined;
  const banks = runs.flatMap(({ shadowSizeLast, actions: own, run }) =>
    (own.stage ?? 0) > 0 && !isAbsent(shadowSizeLast) ? { run, size: shadowSizeLast } : [],
  );
  const waiting = banks.reduce((sum, { size }) => sum + size, 0);
  const places = banks.slice(0, MOST_RUNS).map(({ run, size }) => `${fixed(size, 0)} in run ${run}`);
  const rest =
    waiting <= lost
      ? `${fixed(waiting, 0)} are still in the shadow bank at the last row (${places.join(", ")}); ${fixed(lost - waiting, 0)} left it in a way that the log does not show`
      : "the shadow bank holds more than that at the last row, so rows are missing";
  return {
    name: "stages-not-promoted",
    message: `${fixed(lost, 0)} of ${fixed(staged, 0)} staged items (${percent(lost / staged, 1)}) are not promoted${banks.length === 0 ? "" : `: ${rest}`}; promote/stage is ${fixed(promotePerStage, 4)} (lines ${span(staging)}).`,
    lines: staging.reasons.flatMap(({ firstLine, lastLine }) => [firstLine, lastLine]),
  };
};

/**
 * If nearly all buckets have the same number of promotions, whatever was staged, promotions are limited by a quota.
 */
export const quota: Rule = ({ buckets, runs }) => {
  const staged = buckets.filter(({ stage }) => stage > 0);
  const counts = new Map<number, number>();
  for (const { promote } of staged) counts.set(promote, (counts.get(promote) ?? 0) + 1);
  const [usual, often] = [...counts].sort((one, other) => other[1] - one[1])[0] ?? [0, 0];
  if (usual === 0 || staged.length < FEWEST_BUCKETS || often < MOST * staged.length) return undefined;
  const stages = staged.filter(({ promote }) => promote === usual).map(({ stage }) => stage);
  return {
    name: "promotions-at-a-quota",
    message: `${fixed(often, 0)} of the ${fixed(staged.length, 0)} buckets of 100 steps with stages have exactly ${counted(usual, "promotion")}, although between ${fixed(smallestOf(stages), 0)} and ${fixed(largestOf(stages), 0)} items were staged in each: the number of promotions in a range of steps is limited, and further staged items are not promoted.`,
    lines: runs
      .filter(({ actions }) => (actions.promote ?? 0) > 0)
      .flatMap(({ firstLine, lastLine }) => [firstLine, lastLine]),
  };
};

export const commitsDieOut: Rule = ({ commitsEnd, commits: { firstLine, lastLine, lastStep } }) => {
  if (isAbsent(commitsEnd) || isAbsent(firstLine) || isAbsent(lastLine) || isAbsent(lastStep))
    return undefined;
  if (commitsEnd.probabilityAtMost > SURE) return undefined;
  const { step, before, after, logLikelihoodRatio, probabilityAtMost } = commitsEnd;
  const rate = (part: typeof before): string =>
    `${fixed(part.commits, 0)} in ${fixed(part.steps, 0)} steps of runs (${part.perThousandSteps.toPrecision(3)} per 1,000)`;
  return {
    name: "commits-die-out",
    message: `Commits become rare after step ${fixed(step, 0)}: ${rate(before)} up to that step, ${rate(after)} after it; the last commit is at step ${fixed(lastStep, 0)} (line ${fixed(lastLine, 0)}). If the rate never fell, the probability of this would be at most ${probabilityAtMost.toExponential(0)} (likelihood ratio e^${fixed(logLikelihoodRatio, 1)}, commits taken as independent).`,
    lines: [firstLine, lastLine],
  };
};

export const frozen: Rule = ({ runs }) => {
  const stuck = runs.flatMap((run) => {
    const { lastIncrease, lastStepInFile } = run;
    if (isAbsent(lastIncrease) || lastStepInFile - lastIncrease.step < FROZEN_PART * lastStepInFile)
      return [];
    return { run, lastIncrease, left: lastStepInFile - lastIncrease.step };
  });
  if (stuck.length === 0) return undefined;
  const parts = stuck
    .slice(0, MOST_RUNS)
    .map(
      ({ run, lastIncrease, left }) =>
        `run ${run.run} at step ${fixed(lastIncrease.step, 0)} (line ${fixed(lastIncrease.line, 0)}), to a size of ${fixed(lastIncrease.size, 0)}, ${counted(left, "step")} before the end`,
    );
  const more = stuck.length - parts.length;
  return {
    name: "memory-frozen",
    message: `mem_size grows for the last time in ${parts.join("; in ")}${more > 0 ? `; and in ${counted(more, "further run")}` : ""}.`,
    lines: stuck.map(({ lastIncrease }) => lastIncrease.line),
  };
};

export const growth: Rule = ({ precedingKinds, increaseCount, increases }) => {
  const [first] = precedingKinds;
  if (first === undefined || first.brought < MOST * increaseCount || increaseCount < 10) return undefined;
  const lift = [...precedingKinds]
    .filter(({ baseShare, windowShare }) => windowShare >= COMMON && windowShare > MORE * baseShare)
    .sort((one, other) => other.windowShare / other.baseShare - one.windowShare / one.baseShare)[0];
  const pattern =
    lift === undefined
      ? ""
      : ` In the 20 rows before an increase ${lift.action} (${lift.reason}) makes up ${percent(lift.windowShare, 1)}, against ${percent(lift.baseShare, 1)} of all rows: ${ratio(lift.windowShare / lift.baseShare)} times as much.`;
  return {
    name: "what-grows-the-memory",
    message: `${fixed(first.brought, 0)} of ${fixed(increaseCount, 0)} increases of mem_size are caused by ${first.action} rows (${first.reason}).${pattern}`,
    lines: [increases[0]?.line, increases.at(-1)?.line].flatMap((line) => line ?? []),
  };
};

export const coverage: Rule = (_, summary) => {
  const mean = summary?.means.coverage;
  if (summary === undefined || mean === undefined || mean > NEAR_ZERO) return undefined;
  const abstain = summary.means.abstain_ratio;
  return {
    name: "coverage-near-zero",
    message: `Coverage is ${fixed(mean, 5)} on average over ${fixed(summary.rows, 0)} rows of the summary${abstain === undefined ? "" : `, and the model abstains in ${percent(abstain)}`}: almost no answer comes from the memory, whose mem_size is at most ${fixed(summary.memSizeMax, 0)}.`,
    lines: [],
  };
};

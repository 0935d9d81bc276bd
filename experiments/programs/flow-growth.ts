import type { ProgramAnswer, ProgramContext } from "bytesper";
import { median, sum, theilSen } from "bytesper/stats";
import type { MeasuredStep } from "./flow-run.js";
import { runFlows } from "./flow-run.js";

/** A low cap: growth without a limit reaches any cap, and this one soon. */
const CAP_BYTES = 16 * 2 ** 20;
const QUICK_CAP_BYTES = 5 * 2 ** 20;
/** Runs with different seeds. The range of five values covers the true median with 1 - 2^(1-5) = 94 %. */
const RUNS = 5;
const QUICK_RUNS = 3;
/** Flows start at rest, so in earlier steps fewer of them are parents than later. */
const FIRST_STEP = 6;
/** An upper limit, in case nothing grows. */
const MOST_STEPS = 400;

/** Movement spawns flows without a limit, in several runs, until the pool is full. Measures how fast they grow. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, seed, quick, deviceCapBytes } = context;
  const children = Number(factors.maxSpawnPerStep);
  const capBytes = Math.min(deviceCapBytes, quick ? QUICK_CAP_BYTES : CAP_BYTES);
  const courses: MeasuredStep[][] = [];
  let cause: string | undefined;
  for (let index = 0; index < (quick ? QUICK_RUNS : RUNS); index++) {
    const { steps, failure } = await runFlows(context, {
      capBytes,
      seed: seed + index,
      steps: MOST_STEPS,
      // So deep that no flow passes through before memory runs out.
      depth: MOST_STEPS,
      samples: 1,
      reflection: true,
      movementSpawning: true,
      maxSpawnPerStep: children,
      maxActiveFlows: 0,
      cleanupEvery: 0,
    });
    courses.push(steps);
    cause ??= failure?.message.replace(/\.$/, "");
  }
  const shortest = Math.min(...courses.map(({ length }) => length));
  if (shortest < FIRST_STEP + 2) return tooShort(capBytes, shortest, cause);
  const rates = courses.map((steps) => growthOf(steps).slope);
  const doubling = rates.map((rate) => Math.LN2 / rate);
  const parents = median(courses.map((steps) => parentShare(steps, children)));
  const ends = courses.map((steps) => steps.at(-1)?.active ?? 0);
  return {
    ...(cause === undefined
      ? {}
      : { outcome: "oom-device", cause: `after ${courses[0]?.length ?? 0} steps: ${cause}` }),
    readings: {
      capacityBytes: capBytes,
      steps: median(courses.map(({ length }) => length)),
      activeFlowsMax: Math.max(...ends),
      growthPerStep: Math.expm1(median(rates)),
      growthPerStepLow: Math.expm1(Math.min(...rates)),
      growthPerStepHigh: Math.expm1(Math.max(...rates)),
      doublingSteps: median(doubling),
      doublingStepsLow: Math.min(...doubling),
      doublingStepsHigh: Math.max(...doubling),
      parentShare: parents,
      predictedGrowthPerStep: parents * children,
      largestDeviation: Math.max(...courses.map((steps) => growthOf(steps).deviation)),
    },
  };
}

/** The answer if the cap left too few steps for a line. */
function tooShort(capBytes: number, steps: number, cause = "no flow fits"): ProgramAnswer {
  const unknown = { absent: `the cap was met after ${steps} steps: ${cause}` };
  return {
    outcome: "oom-device",
    cause,
    readings: {
      capacityBytes: capBytes,
      steps,
      ...Object.fromEntries(FITTED.map((name) => [name, unknown])),
    },
  };
}

/** Readings that need several steps. */
const FITTED = [
  "activeFlowsMax",
  "growthPerStep",
  "growthPerStepLow",
  "growthPerStepHigh",
  "doublingSteps",
  "doublingStepsLow",
  "doublingStepsHigh",
  "parentShare",
  "predictedGrowthPerStep",
  "largestDeviation",
];

/** The line through the logarithm of the number of flows, and the largest distance of a step from it, as a share. */
function growthOf(steps: readonly MeasuredStep[]): { slope: number; deviation: number } {
  const points = steps
    .filter(({ step }) => step >= FIRST_STEP)
    .map(({ step, active }) => ({ x: step, y: Math.log(active) }));
  // Fewer than two steps are no line, and a reading that is no number is refused.
  const { slope, intercept } = theilSen(points) ?? { slope: Number.NaN, intercept: Number.NaN };
  return {
    slope,
    deviation: Math.expm1(Math.max(...points.map(({ x, y }) => Math.abs(y - intercept - slope * x)))),
  };
}

/** Share of flows that are parents in a step, computed from the number of spawned flows. */
function parentShare(steps: readonly MeasuredStep[], children: number): number {
  const late = steps.filter(({ step }) => step >= FIRST_STEP);
  const before = sum(late.map(({ active, spawned }) => active - spawned));
  return sum(late.map(({ spawned }) => spawned)) / children / before;
}

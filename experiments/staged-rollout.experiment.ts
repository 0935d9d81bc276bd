import type { Answer } from "bytesper";
import { defineExperiment } from "bytesper";

const QUESTION =
  "At which stage of bringing spawning back does a field of flows degrade, by which flag, and what does it take at each stage?";

/** The stage that fails, with its flags; else what the stages with the least and the most memory take. */
const answer: Answer = ({ rows, rollout }, { count }) => {
  const stages = rows({ change: "all" });
  const [first, last] = [stages[0], stages.at(-1)];
  if (first === undefined || last === undefined || rollout === undefined)
    return rows()[0]?.bytes("stage") ?? "";
  const taken = `the pool's peak goes from ${first.bytes("peakReservedBytes")} at ${String(first.factors.stage)} to ${last.bytes("peakReservedBytes")} at ${String(last.factors.stage)}, with up to ${last.count("activeFlowsMax")} flows`;
  if (rollout.failed !== undefined) {
    const { stage, flags, how } = rollout.failed;
    const by = flags.length === 0 ? `no single flag is the cause: ${how}` : `by ${flags.join(", ")} (${how})`;
    return `The field degrades at stage ${stage}, ${by}; ${taken}.`;
  }
  const none = rollout.decided ? "No stage degrades" : "No stage degrades so far";
  return `${none}: ${rollout.stages === stages.length ? "all " : ""}${count(rollout.stages)} that ran passed, and ${taken}.`;
};

export default defineExperiment({
  name: "staged-rollout",
  title: "Staged rollout of a flow field",
  question: QUESTION,
  answer,
  unit: "stage",
  repetitions: 1,
  program: "./programs/staged-rollout.ts",
  rollout: {
    flags: {
      reflection: false,
      movementSpawning: false,
      maxSpawnPerStep: 0,
      maxActiveFlows: 50_000,
      samples: 4,
      cleanupEvery: 0,
    },
    readings: [
      "peakAllocatedBytes",
      "peakReservedBytes",
      "activeFlowsMean",
      "activeFlowsMax",
      "stepMs",
      "longestStepMs",
      "leftFlows",
    ],
    criteria: {
      peakAllocatedBytes: { atMost: "80 MiB", atMostTimesPrevious: 10 },
      peakReservedBytes: { atMost: "96 MiB", atMostTimesPrevious: 10 },
      activeFlowsMax: { atMost: 50_000 },
      leftFlows: { atMost: 0 },
      stepMs: { atMost: "2 s", atMostTimesPrevious: 50 },
    },
    stages: [
      { name: "stabilise", flags: { reflection: true } },
      { name: "A", flags: { maxSpawnPerStep: 1 } },
      { name: "B", flags: { movementSpawning: true } },
      { name: "C", flags: { maxSpawnPerStep: 2 } },
    ],
    fallback: [
      { name: "smaller batch", flags: { samples: 2 } },
      { name: "40,000 flows", flags: { maxActiveFlows: 40_000 } },
      { name: "30,000 flows", flags: { maxActiveFlows: 30_000 } },
      { name: "cleanup", flags: { cleanupEvery: 8 } },
    ],
  },
  table: {
    title: "Flows on 32 x 24 columns through 64 layers, 64 states of 6 numbers kept of each",
    columns: [
      { title: "stage", from: "factors.stage" },
      { title: "reflection", from: "factors.reflection" },
      { title: "by movement", from: "factors.movementSpawning" },
      { title: "spawn", from: "factors.maxSpawnPerStep" },
      { title: "peak allocated", from: "readings.peakAllocatedBytes", unit: "MiB" },
      { title: "peak reserved", from: "readings.peakReservedBytes", unit: "MiB" },
      { title: "flows, mean", from: "readings.activeFlowsMean" },
      { title: "flows, most", from: "readings.activeFlowsMax" },
      { title: "refused", from: "readings.refusedFlows" },
      { title: "step", from: "readings.stepMs" },
      { title: "longest", from: "readings.longestStepMs" },
      { title: "reserved / formula", from: "readings.reservedOverFormula" },
      { title: "verdict", from: "verdict" },
    ],
    notes: [
      "Allocated and reserved are high-water marks of the pool, which the state is taken from in blocks of 1,024 flows. The formula is fields x width x history = 6 x 4 x 64 = 1,536 bytes a flow. Refused are flows that the limit of 50,000 kept out. A step is the median, in ms, with the optimising compilers off unless the conditions say otherwise.",
      "Spawn: of each sample in a step; by movement, of each flow that moved more than 0.9 columns.",
    ],
  },
  figures: [
    {
      name: "peaks",
      title: "Peaks of the stages",
      finding: ({ rows }, { bytes }) => {
        const peaks = rows({ change: "all" }).map((row) => row.number("peakAllocatedBytes"));
        return `The pool grows to ${bytes(Math.max(...peaks))} by the last stage, from ${bytes(Math.min(...peaks))}`;
      },
      x: "factors.stage",
      where: { change: "all" },
      yLabel: "high-water mark of the pool",
      y: ["readings.peakAllocatedBytes", "readings.peakReservedBytes"],
      marks: [{ axis: "y", at: 80 * 2 ** 20, label: "most allocated: {value}" }],
      wide: true,
    },
    {
      name: "flows",
      title: "Flows of the stages",
      finding: ({ rows }, { count }) => {
        const most = rows({ change: "all" }).map((row) => row.number("activeFlowsMax"));
        return `Up to ${count(Math.max(...most))} flows are active, of at first ${count(Math.min(...most))}`;
      },
      x: "factors.stage",
      where: { change: "all" },
      yLabel: "active flows",
      y: ["readings.activeFlowsMean", "readings.activeFlowsMax"],
      marks: [{ axis: "y", at: 50_000, label: "limit {value}" }],
      wide: true,
    },
  ],
  followUps: [
    {
      name: "growth",
      factors: { maxSpawnPerStep: [1, 2] },
      quick: { maxSpawnPerStep: [2] },
      program: "./programs/flow-growth.ts",
      table: {
        title: "Movement spawns and the limit on flows is off, under a cap set low on purpose",
        columns: [
          { title: "spawn", from: "factors.maxSpawnPerStep" },
          { title: "outcome", from: "outcome" },
          { title: "cap", from: "readings.capacityBytes", unit: "MiB" },
          { title: "steps", from: "readings.steps" },
          { title: "flows", from: "readings.activeFlowsMax" },
          { title: "growth a step", from: "readings.growthPerStep" },
          { title: "from", from: "readings.growthPerStepLow" },
          { title: "to", from: "readings.growthPerStepHigh" },
          { title: "doubles in steps", from: "readings.doublingSteps" },
          { title: "from", from: "readings.doublingStepsLow" },
          { title: "to", from: "readings.doublingStepsHigh" },
          { title: "parents", from: "readings.parentShare" },
          { title: "predicted", from: "readings.predictedGrowthPerStep" },
          { title: "off the line", from: "readings.largestDeviation" },
        ],
        notes: [
          "Five runs (three under --quick) with seeds of their own. Growth is the robust line through the logarithm of the flows from step 6 on: the median of the runs and their range. Predicted is the share of flows that are parents times their children. Off the line is the largest distance of a step from it, as a share.",
        ],
      },
    },
    {
      name: "barrier",
      factors: { guard: [false, true] },
      quick: { guard: [true] },
      program: "./programs/flow-barrier.ts",
      table: {
        title: "Stage C under a cap set low on purpose, without and with a guard",
        columns: [
          { title: "guard", from: "factors.guard" },
          { title: "outcome", from: "outcome" },
          { title: "cap", from: "readings.capacityBytes", unit: "MiB" },
          { title: "peak reserved", from: "readings.peakReservedBytes", unit: "MiB" },
          { title: "steps", from: "readings.steps" },
          { title: "flows, most", from: "readings.activeFlowsMax" },
          { title: "steps without growth", from: "readings.blockedSteps" },
          { title: "flows refused", from: "readings.refusedFlows" },
          { title: "pictures skipped", from: "readings.picturesSkipped" },
        ],
        notes: [
          "The guard skips the picture of a step above 0.6 of the pool's cap, and blocks growth above 0.8 of it.",
        ],
      },
    },
    {
      name: "boundary",
      factors: { reflection: [false, true] },
      quick: { reflection: [true] },
      program: "./programs/flow-boundary.ts",
      table: {
        title: "Where flows end without spawning",
        columns: [
          { title: "reflection", from: "factors.reflection" },
          { title: "started", from: "readings.startedFlows" },
          { title: "over the edge", from: "readings.leftFlows" },
          { title: "came through", from: "readings.finishedFlows" },
          { title: "active", from: "readings.activeFlows" },
          { title: "unaccounted", from: "readings.unaccountedFlows" },
          { title: "positions read", from: "readings.positionsRead" },
          { title: "furthest outside", from: "readings.furthestOutside" },
        ],
      },
    },
    {
      name: "flow-bytes",
      factors: { samples: [1, 4, 16, 64] },
      quick: { samples: [1] },
      program: "./programs/flow-bytes.ts",
      table: {
        title: "Bytes of a flow",
        columns: [
          { title: "flows", from: "readings.flows" },
          { title: "formula", from: "readings.formulaPerFlowBytes" },
          { title: "allocated", from: "readings.allocatedPerFlowBytes" },
          { title: "reserved", from: "readings.reservedPerFlowBytes" },
          { title: "allocated / formula", from: "readings.allocatedOverFormula" },
          { title: "steps of birth", from: "readings.birthsBytes" },
          { title: "unfilled slots", from: "readings.unfilledBytes" },
          { title: "unexplained", from: "readings.unexplainedBytes" },
          { title: "kept in reserve", from: "readings.reserveBytes" },
        ],
        notes: [
          "The first three are bytes a flow, the others bytes of the whole field. Formula, steps of birth and unfilled slots of the last block add up to what is allocated.",
        ],
      },
    },
  ],
});

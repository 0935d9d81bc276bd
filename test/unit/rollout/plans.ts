import type { RolloutPlan } from "../../../src/experiment/rollout/index.js";

/** A right plan: one flag in A, two in B. */
export const PLAN: RolloutPlan = {
  flags: { spawn: 0, wide: false, deep: false },
  readings: ["cost", "stepMs", "heldBytes"],
  criteria: { cost: { atMost: 10 } },
  stages: [
    { name: "stabilise", flags: {} },
    { name: "A", flags: { spawn: 1 } },
    { name: "B", flags: { wide: true, deep: true } },
  ],
  fallback: [
    { name: "less", flags: { spawn: -1 } },
    { name: "least", flags: { deep: false, wide: false } },
  ],
};

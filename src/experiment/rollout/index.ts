export type { Check, EndedTrial } from "./judge.js";
export type { Bound, Criteria, Criterion, Flags, ResolvedStage, RolloutPlan, Stage } from "./plan.js";
export { rolloutProblem } from "./check.js";
export { COMMAND_READINGS, WHOLE } from "./names.js";
export { columnsOf, resolveRollout, rolloutGrid } from "./resolve.js";
export type { Degradation, Rollout, RolloutCell, StageVerdict } from "./verdict.js";
export { rolloutOf } from "./verdict.js";

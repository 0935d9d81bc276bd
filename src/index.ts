export type { ErrorCode } from "./errors.js";
export { BytesperError } from "./errors.js";
export type {
  Caps,
  Estimate,
  EstimateContext,
  Experiment,
  Factors,
  Level,
  Subject,
  SubjectContext,
} from "./experiment/define.js";
export { defineExperiment } from "./experiment/define.js";

export type { ErrorCode } from "./errors.js";
export { BytesperError } from "./errors.js";
export type {
  Caps,
  Estimate,
  EstimateContext,
  Experiment,
  Factors,
  FollowUp,
  Level,
  Program,
  ProgramAnswer,
  ProgramContext,
  ProgramReading,
  Subject,
  SubjectContext,
} from "./experiment/define.js";
export { defineExperiment } from "./experiment/define.js";

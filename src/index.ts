export type { ErrorCode } from "./base/errors.js";
export { BytesperError } from "./base/errors.js";
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
  ProgramSeries,
  Subject,
  SubjectContext,
} from "./experiment/define.js";
export { defineExperiment } from "./experiment/define.js";
export type { FigureSpec } from "./experiment/figure-spec.js";
export type { Figure } from "./report/figure/figure.js";

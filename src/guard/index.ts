export type { MemoryGuardOptions, RuleStanding } from "./guard-options.js";
export { MemoryGuard } from "./memory-guard.js";
export type { MemoryLogOptions, MemoryState, OperationStatistics } from "./log/memory-log.js";
export { MemoryLog } from "./log/memory-log.js";
export type { RolloutPlan, Stage } from "../experiment/rollout/index.js";
export { FeatureFlags, readRollback } from "./feature-flags.js";
export { GuardStop } from "./stop.js";
export type { SamplingCost } from "./sample-clock.js";
export type { ObservedPool } from "./sources/pool-source.js";
export type { ReadingSource } from "./sources/source.js";
export type {
  CleanupEffect,
  Condition,
  Decision,
  GuardDoubt,
  GuardEvent,
  OwnNumber,
  RuleAction,
  RuleOptions,
  StopReason,
} from "./types.js";

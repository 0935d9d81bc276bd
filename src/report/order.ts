import type { Result } from "../record/schema.js";

/** The shipped experiments in the order in which people ask: a session, its window, an instance, the device, the rest. */
const ORDER = [
  "session-scaling",
  "history-window",
  "instance-overhead",
  "device-sessions",
  "session-decode",
  "attention-memory",
  "pruning-policy",
  "memory-writes",
  "staged-rollout",
];

/** Results in that order; experiments of the user's own come first, as they are given. */
export function inOrder<R extends Pick<Result, "experiment">>(results: readonly R[]): R[] {
  return [...results].sort((a, b) => ORDER.indexOf(a.experiment) - ORDER.indexOf(b.experiment));
}

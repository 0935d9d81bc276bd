import type { Result } from "./schema.js";

/** What the cells of an experiment are. */
export type ExperimentKind = "population" | "program" | "command";

/**
 * The kind of experiment that a result is of. A result does not name it: only programs and commands have
 * follow-ups, if none then an empty list, and only programs have a device of ours.
 */
export function kindOf({ followUps, settings }: Pick<Result, "followUps" | "settings">): ExperimentKind {
  if (followUps === undefined) return "population";
  return settings.device === undefined ? "command" : "program";
}

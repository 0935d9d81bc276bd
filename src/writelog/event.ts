import { KNOWN_ACTIONS } from "./layouts.js";

/** An action with its reason. */
export interface Kind {
  /** Index of the counts of this kind. */
  id: number;
  action: string;
  reason: string;
  /** Index of the action in KNOWN_ACTIONS; for any other action, the length of that list. */
  code: number;
  warmUp: boolean;
}

/** One decision of the memory. The same object is used for all rows, so copy what you need after the call. */
export interface WriteEvent {
  /** Line number in the file, from 1. */
  line: number;
  /** As logged. A promotion logs the step at which its item was staged. */
  step: number;
  kind: Kind;
  memSize: number;
  /** NaN if the layout has no such column. The same holds for the scores below. */
  shadowSize: number;
  simMax: number;
  k3Sim: number;
  entropy: number;
  surprise: number;
  score: number;
}

export const ACTION_CODES = KNOWN_ACTIONS.length + 1;
export const [COMMIT, STAGE, PROMOTE, MERGE, DEFER, SKIP, ROLLBACK, DECAY] = KNOWN_ACTIONS.map(
  (_, code) => code,
) as [number, number, number, number, number, number, number, number];

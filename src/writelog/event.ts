import { KNOWN_ACTIONS } from "./layouts.js";

/** An action and a reason that occur together. */
export interface Kind {
  /** Counts of kinds are kept under it. */
  id: number;
  action: string;
  reason: string;
  /** Place of the action in KNOWN_ACTIONS; their number for any other. */
  code: number;
  /** Whether the row says that the warm-up is not over. */
  warmUp: boolean;
}

/**
 * One decision of the memory. The same object is used for all rows, so copy what must be kept after the call.
 */
export interface WriteEvent {
  /** In the file, from 1. */
  line: number;
  /** As logged: a promotion logs the step at which its item was staged. */
  step: number;
  kind: Kind;
  memSize: number;
  /** NaN where the layout has none; so are the scores. */
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

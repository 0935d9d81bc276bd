/**
 * An event that is offered to the memory. If the embedding is kept, it is copied, so the caller may use its array
 * again.
 */
export interface WriteEvent {
  /** Never lower than the step of the event before. */
  step: number;
  /** Any length except 0. Only its direction counts. */
  embedding: Float32Array;
  /** How uncertain the program was, as a share of the largest possible uncertainty (0 to 1). */
  entropy: number;
  /** The same in nats. */
  entropyRaw?: number;
}

export type Action = "commit" | "merge" | "stage" | "promote" | "defer" | "skip" | "rollback" | "decay";

/** One decision, which is one row of the log. Values that were not needed for the decision are absent. */
export interface Decision {
  /** The present step. A promotion has the step of the staging instead, so steps in the log may decrease. */
  step: number;
  action: Action;
  reason: string;
  /** Similarity to the nearest item, -1 to 1. -1 also means that the memory was empty, as in real logs. */
  simMax?: number;
  /** What the near-merge gate compared with its threshold. */
  kSim?: number;
  /** 1 less the mean similarity to the `topk` nearest items. */
  surprise?: number;
  surpNorm?: number;
  entropy?: number;
  entropyRaw?: number;
  /** Index of the item that was merged into, repeated or dropped; for a commit, of the nearest item. */
  usedKey?: number;
  /** Score of a staged item. Items with the best score are promoted first. */
  score?: number;
  /** Sizes after the decision. */
  shadowSize: number;
  memSize: number;
}

/** What is offered to the memory. The embedding is copied where it is kept, so a producer may use it again. */
export interface WriteEvent {
  /** Never less than that of the event before. */
  step: number;
  /** Any length but 0; the memory takes its direction. */
  embedding: Float32Array;
  /** How unsure the producer was, as a share of the most it could have been (0 to 1). */
  entropy: number;
  /** The same in nats. */
  entropyRaw?: number;
}

export type Action = "commit" | "merge" | "stage" | "promote" | "defer" | "skip" | "rollback" | "decay";

/**
 * One decision, which is one row of the log. What a decision did not look at is absent, as a warm-up does not
 * look for neighbours.
 */
export interface Decision {
  /** The step that it is made at; of a promotion that of the item's staging, so that steps of the log go backwards. */
  step: number;
  action: Action;
  reason: string;
  /** Similarity to the nearest item, -1 to 1; -1 where the memory was empty, as real logs have it. */
  simMax?: number;
  /** What the near-merge gate compared with its threshold. */
  kSim?: number;
  /** 1 less the mean similarity to the `topk` nearest items. */
  surprise?: number;
  surpNorm?: number;
  entropy?: number;
  entropyRaw?: number;
  /** Index of the item that was merged into, repeated or dropped, and of the nearest one of a commit. */
  usedKey?: number;
  /** Of a staged item: best first when there is room for a promotion. */
  score?: number;
  /** Sizes after the decision. */
  shadowSize: number;
  memSize: number;
}

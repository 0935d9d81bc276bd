/**
 * A layout of the rows of a write log. The header is written only once, when the file is created, but newer versions
 * of the program append rows with other columns. So the columns of a row must be found from the row itself.
 */
export interface Layout {
  name: string;
  columns: readonly string[];
}

/** What a column may hold. `real` and `whole` may be empty if the program had no value. */
export type ColumnKind =
  | "step"
  | "action"
  | "reason"
  /** Cosine similarity, -1 to 1. The program writes -1 if there was nothing to compare with. */
  | "similarity"
  /** A number from 0 on. Entropies are in nats, so they may exceed 1. */
  | "positive"
  | "real"
  /** A whole number from 0 on, or empty. */
  | "whole"
  /** A whole number from 0 on, never empty. */
  | "count"
  | "boolean"
  /** Any text, for a column whose name is not known. */
  | "any";

/** Kinds of columns by name. A column with another name may hold anything. */
export const COLUMN_KINDS: Readonly<Record<string, ColumnKind>> = {
  step: "step",
  action: "action",
  reason: "reason",
  sim_max: "similarity",
  surprise: "real",
  surp_norm: "real",
  entropy: "positive",
  entropy_raw: "positive",
  topk: "whole",
  used_key_id: "any",
  shadow_size: "count",
  mem_size: "count",
  score: "real",
  l2_penalty: "positive",
  surprise_threshold: "real",
  k3_sim: "similarity",
  top5_dist_1: "positive",
  alert_active: "boolean",
};

const SCORES = ["sim_max", "surprise", "surp_norm", "entropy"] as const;
const SIZES = ["topk", "used_key_id", "shadow_size", "mem_size"] as const;

/** The columns of the first version of the program. Every header that it wrote has them. */
export const BASE_COLUMNS = ["step", "action", "reason", ...SCORES, ...SIZES] as const;

/** Later versions added `entropy_raw` before `topk`, and the parameters of the surprise gate at the end. */
const SURPRISE_COLUMNS = [
  "step",
  "action",
  "reason",
  ...SCORES,
  "entropy_raw",
  ...SIZES,
  "l2_penalty",
  "surprise_threshold",
] as const;

/**
 * Layouts of uzr's memory (github.com/10kseason/uzr) and of the subject `gated-memory`. Two of them have the same
 * number of fields; their content tells them apart: `k3_sim` is a number, `alert_active` is True or False.
 */
export const BUILT_IN_LAYOUTS: readonly Layout[] = [
  { name: "base", columns: BASE_COLUMNS },
  { name: "base, score", columns: [...BASE_COLUMNS, "score"] },
  { name: "surprise", columns: SURPRISE_COLUMNS },
  { name: "surprise, k3_sim", columns: [...SURPRISE_COLUMNS, "k3_sim"] },
  { name: "surprise, alert", columns: [...SURPRISE_COLUMNS, "alert_active"] },
  { name: "surprise, top5, alert", columns: [...SURPRISE_COLUMNS, "top5_dist_1", "alert_active"] },
];

/** Actions that a gated memory logs. Other actions are counted under their own names. */
export const KNOWN_ACTIONS = [
  "commit",
  "stage",
  "promote",
  "merge",
  "defer",
  "skip",
  "rollback",
  "decay",
] as const;

import { closeSync, openSync, writeSync } from "node:fs";
import type { Decision } from "./decision.js";
import { DEFAULTS } from "./settings.js";

/**
 * The columns of the newest real logs and the `score` of the oldest. Real rows have `k3_sim`, `top5_dist_1` or
 * `alert_active` only for some actions. Here all rows have all columns, and a missing value is empty. `l2_penalty`,
 * `surprise_threshold` and `alert_active` belong to a gate on surprise that this memory does not have: the numbers
 * are always empty, and `alert_active` is always False.
 */
export const COLUMNS = [
  "step",
  "action",
  "reason",
  "sim_max",
  "surprise",
  "surp_norm",
  "entropy",
  "entropy_raw",
  "topk",
  "used_key_id",
  "shadow_size",
  "mem_size",
  "l2_penalty",
  "surprise_threshold",
  "k3_sim",
  "top5_dist_1",
  "alert_active",
  "score",
] as const;

/** The spelling of real logs. */
const NO_ALERT = "False";

/** Characters that are collected before they are written. */
const BUFFER = 64 * 1024;

/** A CSV file with one row for each decision. It keeps at most 64 KiB of text in memory. */
export class WriteLog {
  readonly #file: number;
  readonly #topk: number;
  #text = `${COLUMNS.join(",")}\n`;

  /** Replaces an existing file. */
  constructor(path: string, topk = DEFAULTS.topk) {
    this.#file = openSync(path, "w");
    this.#topk = topk;
  }

  write(decision: Decision): void {
    this.#text += rowOf(decision, this.#topk);
    if (this.#text.length > BUFFER) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, this.#text);
    this.#text = "";
  }
}

function rowOf(decision: Decision, topk: number): string {
  const { step, action, reason, simMax, kSim, surprise, surpNorm, entropy, entropyRaw } = decision;
  const { usedKey, score, shadowSize, memSize } = decision;
  const distance =
    action === "commit" && usedKey !== undefined && simMax !== undefined ? 1 - simMax : undefined;
  const fields: readonly (number | string | undefined)[] = [
    step,
    action,
    reason,
    simMax,
    surprise,
    surpNorm,
    entropy,
    entropyRaw,
    topk,
    usedKey,
    shadowSize,
    memSize,
    undefined,
    undefined,
    kSim,
    distance,
    NO_ALERT,
    score,
  ];
  return `${fields.map((field) => field ?? "").join(",")}\n`;
}

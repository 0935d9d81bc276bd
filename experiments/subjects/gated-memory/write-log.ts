import { closeSync, openSync, writeSync } from "node:fs";
import type { Decision } from "./decision.js";
import { DEFAULTS } from "./settings.js";

/**
 * The columns of the newest real logs, which put `k3_sim`, `top5_dist_1` or `alert_active` in the rows of some actions
 * alone, and the `score` of the oldest. Here all rows have all columns, and what a decision does not say is empty.
 * `l2_penalty`, `surprise_threshold` and `alert_active` belong to a gate on surprise that this memory does not have:
 * the numbers are always empty, and no alert is ever active.
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

/** As the program that wrote the real logs spells it. */
const NO_ALERT = "False";

/** Characters that are kept back until they are written together. */
const BUFFER = 64 * 1024;

/** A CSV file with a row for each decision. Holds at most 64 KiB of text, however long it is written to. */
export class WriteLog {
  readonly #file: number;
  readonly #topk: number;
  #text = `${COLUMNS.join(",")}\n`;

  /** Makes the file anew. */
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

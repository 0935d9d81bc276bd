import type { Interval } from "../../base/stats/interval.js";
import type { Kind } from "../event.js";
import { COMMIT, DEFER, MERGE, SKIP, STAGE } from "../event.js";
import type { Tally } from "./tally.js";
import { wilson } from "./wilson.js";

/** In the order in which a gated memory checks them. */
const GATES = ["warm-up", "entropy", "similarity", "staging", "rate limit", "other"] as const;
export type GateName = (typeof GATES)[number];

/** Default of the published program: an item of lower entropy is not stored. */
export const ENTROPY_FLOOR = 0.3;

export interface Gate {
  gate: GateName;
  /** Candidates that passed all gates before this one. */
  arrived: number;
  stopped: number;
  /** 95 % interval; undefined if no candidate arrived. */
  passRate: Interval | undefined;
  reasons: { action: string; reason: string; rows: number; firstLine: number; lastLine: number }[];
}

/** The gate that stopped the row, by what the row says. Undefined for a commit, and for rows without a candidate. */
function gateOf({ action, reason, code, warmUp }: Kind): GateName | undefined {
  if (code === COMMIT) return undefined;
  if (code === MERGE) return "similarity";
  if (code === STAGE) return "staging";
  if (code !== DEFER && code !== SKIP && !/reject|block/i.test(action)) return undefined;
  if (warmUp) return "warm-up";
  if (/entrop/i.test(reason)) return "entropy";
  if (/dup|simil|near|novel/i.test(reason)) return "similarity";
  if (/rate|limit|budget|write_per|quota/i.test(reason)) return "rate limit";
  return "other";
}

/**
 * Counts what each gate lets through, from the reasons in the rows: a candidate that one gate stopped has passed all
 * gates before it. A stage keeps its candidate aside, so it counts as stopped. Promotions come later and are not
 * counted.
 */
export function gatesOf(tally: Tally, kinds: readonly Kind[]): Gate[] {
  const stopped = new Map<GateName, Gate["reasons"]>();
  let arrived = tally.rowsOf(COMMIT, kinds);
  kinds.forEach((kind, id) => {
    const gate = gateOf(kind);
    const rows = tally.kinds[id];
    if (gate === undefined || rows === undefined) return;
    arrived += rows.rows;
    const { action, reason } = kind;
    stopped.set(gate, [...(stopped.get(gate) ?? []), { action, reason, ...rows }]);
  });
  return GATES.flatMap((gate) => {
    const reasons = (stopped.get(gate) ?? []).sort((one, other) => other.rows - one.rows);
    if (gate === "other" && reasons.length === 0) return [];
    const rows = reasons.reduce((sum, reason) => sum + reason.rows, 0);
    const entry: Gate = {
      gate,
      arrived,
      stopped: rows,
      passRate: wilson(arrived - rows, arrived),
      reasons,
    };
    arrived -= rows;
    return entry;
  });
}

/** Similarity thresholds, in hundredths. For each, the share of rows below it is reported. */
const THRESHOLDS = [10, 20, 30, 40, 50, 60, 70, 73, 80, 84, 90, 95];

export interface ScoreEvidence {
  /** Merges and commits that have a similarity. */
  rows: number;
  merged: { rows: number; min: number; minLine: number; max: number; maxLine: number } | undefined;
  committed: { rows: number; min: number; minLine: number; max: number; maxLine: number } | undefined;
  /** Share of those rows that a gate with this threshold would let through. */
  passRates: { threshold: number; below: number; share: Interval }[];
  entropy:
    { rows: number; min: number; minLine: number; max: number; floor: number; pass: Interval } | undefined;
}

/**
 * What the scores say about the similarity gate and the entropy gate. The similarities depend on the memory as it
 * was. With another threshold the memory would have grown differently, and the similarities would be others.
 */
export function scoresOf(tally: Tally): ScoreEvidence {
  const { merged, committed, entropy } = tally;
  const rows = merged.rows + committed.rows;
  const range = ({ rows: count, min, minLine, max, maxLine }: typeof merged): ScoreEvidence["merged"] =>
    count === 0 ? undefined : { rows: count, min, minLine, max, maxLine };
  const pass = wilson(entropy.rows - entropy.below, entropy.rows);
  return {
    rows,
    merged: range(merged),
    committed: range(committed),
    passRates: THRESHOLDS.flatMap((threshold) => {
      const below = merged.below(threshold) + committed.below(threshold);
      const share = wilson(below, rows);
      return share === undefined ? [] : { threshold: threshold / 100, below, share };
    }),
    entropy:
      pass === undefined
        ? undefined
        : {
            rows: entropy.rows,
            min: entropy.min,
            minLine: entropy.minLine,
            max: entropy.max,
            floor: ENTROPY_FLOOR,
            pass,
          },
  };
}

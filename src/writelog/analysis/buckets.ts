import { KNOWN_ACTIONS } from "../layouts.js";
import type { Cells } from "./cells.js";
import { CELL_STEPS } from "./cells.js";

export const BUCKET_STEPS = 100;

export type ActionName = (typeof KNOWN_ACTIONS)[number] | "other";

/** Events by action in the steps from `step` to `step` + 99. */
export type Bucket = { step: number } & Record<ActionName, number>;

export function bucketsOf(cells: Cells): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [cell, counts] of cells) {
    const step = Math.floor((cell * CELL_STEPS) / BUCKET_STEPS) * BUCKET_STEPS;
    const last = buckets.at(-1);
    const bucket = last?.step === step ? last : emptyBucket(step);
    if (bucket !== last) buckets.push(bucket);
    counts.forEach((count, code) => {
      bucket[KNOWN_ACTIONS[code] ?? "other"] += count;
    });
  }
  return buckets;
}

function emptyBucket(step: number): Bucket {
  const counts = [...KNOWN_ACTIONS, "other"].map((action) => [action, 0] as const);
  return { step, ...(Object.fromEntries(counts) as Record<ActionName, number>) };
}

/** The buckets with the most events of an action. Of buckets with the same number, the earlier comes first. */
export function topBuckets(buckets: readonly Bucket[], action: ActionName, most: number): Bucket[] {
  return buckets
    .filter((bucket) => bucket[action] > 0)
    .sort((one, other) => other[action] - one[action] || one.step - other.step)
    .slice(0, most);
}

import { seededRandom } from "../base/stats/random.js";
import type { Result } from "../record/schema.js";

const RESAMPLES = 400;

/**
 * How single units differ in size: their spread, and the range in which the mean lies when as many units are
 * drawn again from these (a bootstrap with a fixed seed).
 */
export function unitsOf(sizes: readonly (readonly [bytes: number, count: number])[]): Result["units"] {
  const all = sizes.flatMap(([bytes, count]) => new Array<number>(count).fill(bytes));
  if (all.length === 0) return { absent: "the snapshot shows no instance of its own" };
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, bytes) => sum + bytes, 0) / values.length;
  const at = (values: readonly number[], share: number): number =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))] as number;
  const shared = {
    count: all.length,
    mean: mean(all),
    median: at(all, 0.5),
    p95: at(all, 0.95),
    largest: at(all, 1),
  };
  if (sizes.length === 1) return { ...shared, low: shared.mean, high: shared.mean };
  const random = seededRandom(1);
  const means = Array.from({ length: RESAMPLES }, () =>
    mean(all.map(() => all[Math.floor(random() * all.length)] as number)),
  ).sort((a, b) => a - b);
  return { ...shared, low: at(means, 0.025), high: at(means, 0.975) };
}

/** A quantile function, given by published points in ascending order: [share, characters]. */
export type Quantiles = readonly (readonly [share: number, characters: number])[];

/** Lengths of messages that people write to chat assistants. */
export const USER_CHARACTERS: Quantiles = [
  [0.05, 29],
  [0.25, 62],
  [0.5, 99],
  [0.75, 179],
  [0.95, 672],
  [0.99, 1556],
];

/** Lengths of answers of chat assistants. */
export const ASSISTANT_CHARACTERS: Quantiles = [
  [0.05, 51],
  [0.25, 245],
  [0.5, 652],
  [0.75, 1426],
  [0.95, 3038],
  [0.99, 5010],
];

/**
 * The length at a share of the distribution. Between the points the logarithm is linear; beyond them, the slope of
 * the two outermost points continues.
 */
export function quantile(points: Quantiles, share: number): number {
  let upper = points.findIndex(([at]) => share <= at);
  if (upper === -1) upper = points.length - 1;
  const right = points[Math.max(1, upper)];
  const left = points[Math.max(1, upper) - 1];
  if (left === undefined || right === undefined) throw new RangeError("a quantile function needs two points");
  const slope = (Math.log(right[1]) - Math.log(left[1])) / (right[0] - left[0]);
  return Math.exp(Math.log(left[1]) + slope * (share - left[0]));
}

const STEPS = 2000;

/**
 * `count` lengths that represent the distribution: the mean of each of `count` equal strata, rounded so that their
 * sum is the rounded sum. With means, the text per message is the same for any number of messages.
 */
export function stratumLengths(points: Quantiles, count: number): number[] {
  const lengths: number[] = [];
  let exact = 0;
  let given = 0;
  const steps = Math.max(1, Math.ceil(STEPS / Math.max(1, count)));
  for (let stratum = 0; stratum < count; stratum++) {
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      sum += quantile(points, (stratum + (step + 0.5) / steps) / count);
    }
    exact += sum / steps;
    const length = Math.max(1, Math.round(exact) - given);
    given += length;
    lengths.push(length);
  }
  return lengths;
}

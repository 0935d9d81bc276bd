import { largestOf, smallestOf } from "./extremes.js";
import { median } from "./median.js";
import { mean, skewnessInErrors, standardDeviation } from "./moments.js";
import { seededRandom } from "./random.js";
import { studentT } from "./student-t.js";

interface Unknown {
  absent: string;
}

/** An interval of the mean, with everything that is needed to compute it again. */
export interface MeanInterval {
  low: number;
  high: number;
  /** The share of intervals of this kind that hold the true mean. */
  confidence: number;
  method: "t" | "bootstrap-t";
  /** Only with the bootstrap. */
  resamples?: number;
  seed?: number;
  /** The ends that were cut because no value can be beyond them. */
  cutAt?: number[];
}

/** What repeated runs say about one reading. A number that they cannot give is absent with its reason. */
export interface RunStatistics {
  n: number;
  mean: number;
  /** The sample standard deviation, with n - 1 in the divisor. */
  standardDeviation: number | Unknown;
  median: number;
  /** Of the mean. */
  interval: MeanInterval | Unknown;
}

/** The least and the largest value that a reading can have. */
export interface Bounds {
  least: number;
  most: number;
}

const CONFIDENCE = 0.95;
/** With fewer runs neither their skewness nor a bootstrap says anything. */
const FEWEST_FOR_BOOTSTRAP = 10;
/** Skewness beyond this, in its standard errors, calls for the bootstrap. */
const SKEWED = 1;
const RESAMPLES = 1999;
const SEED = 1;

/**
 * Mean, deviation, median and the 95 % interval of the mean of at least one value. The interval is Student's t, which is
 * exact for normal values. From 10 runs on, skewed values get a bootstrap-t instead: for exponential values of 10 runs
 * it covers 94 % where t covers 90 %. The BCa bootstrap is no better than t with so few values.
 *
 * Source of the bootstrap-t: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 12.
 */
export function describeRuns(values: readonly number[], bounds?: Bounds): RunStatistics {
  const n = values.length;
  if (n === 0) throw new RangeError("statistics need at least one value");
  const shared = { n, mean: mean(values), median: median(values) };
  const deviation = standardDeviation(values);
  if (n === 1) {
    const absent = "one run has no spread; a deviation needs at least two";
    return { ...shared, standardDeviation: { absent }, interval: { absent } };
  }
  if (values.every((value) => value === values[0]))
    return { ...shared, standardDeviation: 0, interval: { absent: sameText(n) } };
  if (!Number.isFinite(deviation)) {
    const absent = "the values are too far apart for a number of 64 bits";
    return { ...shared, standardDeviation: { absent }, interval: { absent } };
  }
  const isSkewed = n >= FEWEST_FOR_BOOTSTRAP && Math.abs(skewnessInErrors(values)) > SKEWED;
  const interval = (isSkewed ? bootstrapT(values) : undefined) ?? byStudentT(values);
  return {
    ...shared,
    standardDeviation: deviation,
    interval: [interval.low, interval.high].every(Number.isFinite)
      ? cut(interval, bounds)
      : { absent: "its ends are too large for a number of 64 bits" },
  };
}

/** What tables and pages say of a deterministic answer. */
export function sameText(n: number): string {
  return `all ${n} runs gave the same value`;
}

function byStudentT(values: readonly number[]): MeanInterval {
  const half =
    studentT((1 + CONFIDENCE) / 2, values.length - 1) *
    (standardDeviation(values) / Math.sqrt(values.length));
  const middle = mean(values);
  return { low: middle - half, high: middle + half, confidence: CONFIDENCE, method: "t" };
}

/** Undefined where too many resamples have no spread: with few different values the ends would be infinite. */
function bootstrapT(values: readonly number[]): MeanInterval | undefined {
  const n = values.length;
  const random = seededRandom(SEED);
  const middle = mean(values);
  const deviation = standardDeviation(values);
  // In deviations from the mean, so that the sum of squares loses no digits.
  const scores = values.map((value) => (value - middle) / deviation);
  const resampled = Array.from({ length: RESAMPLES }, () => {
    let [total, squares] = [0, 0];
    // A loop without arrays: a grid may have thousands of rows, with thousands of resamples each.
    for (let drawn = 0; drawn < n; drawn++) {
      const score = scores[Math.floor(random() * n)] as number;
      total += score;
      squares += score * score;
    }
    const variance = (squares - (total * total) / n) / (n - 1);
    // Rounding leaves a little where every draw was the same value.
    const isSame = variance <= 1e-12 * squares;
    return total === 0 ? 0 : total / n / (isSame ? 0 : Math.sqrt(variance / n));
  }).sort((a, b) => a - b);
  const tail = (1 - CONFIDENCE) / 2;
  // Of 1999 sorted scores, the 50th and the 1950th cut off 2.5 % on either side.
  const least = resampled[Math.round(tail * (RESAMPLES + 1)) - 1] as number;
  const most = resampled[Math.round((1 - tail) * (RESAMPLES + 1)) - 1] as number;
  if (!Number.isFinite(least) || !Number.isFinite(most)) return undefined;
  const error = deviation / Math.sqrt(n);
  return {
    low: middle - most * error,
    high: middle - least * error,
    confidence: CONFIDENCE,
    method: "bootstrap-t",
    resamples: RESAMPLES,
    seed: SEED,
  };
}

/** Ends beyond what is possible are cut: a true mean that is within the bounds stays covered. */
function cut(interval: MeanInterval, bounds: Bounds | undefined): MeanInterval {
  const { low, high } = interval;
  if (bounds === undefined || (low >= bounds.least && high <= bounds.most)) return interval;
  const [least, most] = [largestOf([low, bounds.least]), smallestOf([high, bounds.most])];
  const cutAt = [...(low < bounds.least ? [bounds.least] : []), ...(high > bounds.most ? [bounds.most] : [])];
  return { ...interval, low: least, high: most, cutAt };
}

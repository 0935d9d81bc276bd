import { COMMIT, MERGE, PROMOTE, STAGE } from "../event.js";
import type { Cells } from "./cells.js";
import { CELL_STEPS } from "./cells.js";

/** A window of 100 steps, moved by ten steps at a time. */
const WINDOW_CELLS = 10;
const LAG_CELLS = 5;
const MOST_LAGS = 10;
/** Longer series are counted in wider cells, which limits the time of the computation. */
const MOST_CELLS = 20_000;

const PAIRS: [name: string, first: number, second: number][] = [
  ["stage, promote", STAGE, PROMOTE],
  ["stage, commit", STAGE, COMMIT],
  ["merge, commit", MERGE, COMMIT],
  ["merge, stage", MERGE, STAGE],
];

export interface LagCorrelation {
  pair: string;
  windowSteps: number;
  /** Pearson's correlations. At a positive lag, the second action comes later by that many steps. */
  lags: { lagSteps: number; correlation: number }[];
  strongest: { lagSteps: number; correlation: number };
  /** Number of windows that do not overlap. The correlations are computed from them. */
  windows: number;
  /**
   * The correlation of two independent series of this length is within plus and minus this number in 95 % of cases.
   */
  chance: number;
}

/** Correlations of the counts in moving windows. A pair is left out if one of its actions does not vary. */
export function lagCorrelations(cells: Cells, range: { from: number; to: number }): LagCorrelation[] {
  const first = Math.floor(range.from / CELL_STEPS);
  const count = Math.floor(range.to / CELL_STEPS) - first + 1;
  if (count < 3 * WINDOW_CELLS) return [];
  const width = Math.ceil(count / MOST_CELLS);
  const size = Math.ceil(count / width);
  const codes = [STAGE, PROMOTE, COMMIT, MERGE];
  const series = new Map(codes.map((code) => [code, new Float64Array(size)]));
  for (const [cell, counts] of cells) {
    const place = Math.floor((cell - first) / width);
    if (place < 0 || place >= size) continue;
    for (const [code, values] of series) (values[place] as number) += counts[code] as number;
  }
  const moving = new Map([...series].map(([code, values]) => [code, movingSums(values)]));
  const windows = Math.floor(size / WINDOW_CELLS);
  return PAIRS.flatMap(([pair, one, other]) => {
    const lags = lagsOf(moving.get(one) as Float64Array, moving.get(other) as Float64Array, width);
    const [start, ...rest] = lags;
    if (start === undefined) return [];
    const strongest = rest.reduce(
      (best, lag) => (Math.abs(lag.correlation) > Math.abs(best.correlation) ? lag : best),
      start,
    );
    const windowSteps = WINDOW_CELLS * CELL_STEPS * width;
    return { pair, windowSteps, lags, strongest, windows, chance: Math.min(1, 1.96 / Math.sqrt(windows)) };
  });
}

function movingSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length - WINDOW_CELLS + 1);
  let sum = 0;
  values.forEach((value, index) => {
    sum += value - (values[index - WINDOW_CELLS] ?? 0);
    if (index >= WINDOW_CELLS - 1) sums[index - WINDOW_CELLS + 1] = sum;
  });
  return sums;
}

function lagsOf(
  one: Float64Array,
  other: Float64Array,
  width: number,
): { lagSteps: number; correlation: number }[] {
  const lags: { lagSteps: number; correlation: number }[] = [];
  for (let lag = -MOST_LAGS * LAG_CELLS; lag <= MOST_LAGS * LAG_CELLS; lag += LAG_CELLS) {
    const length = one.length - Math.abs(lag);
    if (length < 2 * WINDOW_CELLS) continue;
    const correlation = pearson(
      one.subarray(Math.max(0, -lag), Math.max(0, -lag) + length),
      other.subarray(Math.max(0, lag), Math.max(0, lag) + length),
    );
    if (correlation !== undefined) lags.push({ lagSteps: lag * CELL_STEPS * width, correlation });
  }
  return lags;
}

/** Undefined if one of the two does not vary. */
export function pearson(one: ArrayLike<number>, other: ArrayLike<number>): number | undefined {
  const { length } = one;
  let [meanOne, meanOther] = [0, 0];
  for (let index = 0; index < length; index += 1) {
    meanOne += (one[index] as number) / length;
    meanOther += (other[index] as number) / length;
  }
  let [product, squareOne, squareOther] = [0, 0, 0];
  for (let index = 0; index < length; index += 1) {
    const left = (one[index] as number) - meanOne;
    const right = (other[index] as number) - meanOther;
    product += left * right;
    squareOne += left * left;
    squareOther += right * right;
  }
  if (squareOne < 1e-9 || squareOther < 1e-9) return undefined;
  return product / Math.sqrt(squareOne * squareOther);
}

import type { Interval } from "../base/stats/interval.js";
import type { Factors } from "../experiment/define.js";
import type { GrowthTrial } from "./collected.js";
import { halves } from "./kernel.js";
import { heapAndExternal } from "./trials.js";

/** What a unit costs V8 in a population of another size than the line's, in bytes. */
export interface OtherNumber extends Interval {
  instances: number;
}

/** Sizes after the first one, which pays what is paid once. */
const FEWEST_SIZES = 3;

/**
 * The line over heap and external memory of the cell that grew, which has up to a hundred times the instances of the
 * others. It differs where a table doubles, or where an instance depends on its number: a text of `item ${i}` is longer
 * from the ten-thousandth on.
 */
export function ofOtherNumber(
  [growth]: readonly GrowthTrial[],
  unitsOf: (factors: Factors) => number,
): OtherNumber | undefined {
  if (growth === undefined) return undefined;
  const units = unitsOf(growth.factors);
  const points = growth.data.readings
    .filter(({ count, settled }) => count > 0 && settled)
    .map((reading) => ({ x: reading.count * units, y: heapAndExternal(reading) }))
    .slice(1);
  const last = points.at(-1);
  if (last === undefined || points.length < FEWEST_SIZES) return undefined;
  return { ...halves(points), instances: Math.round(last.x / units) };
}

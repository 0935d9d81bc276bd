import type { Interval } from "../base/stats/interval.js";
import { theilSen } from "../base/stats/theil-sen.js";
import type { ResultReading } from "../record/schema.js";
import type { GrowthTrial } from "./collected.js";
import type { SizedLedger } from "./kernel.js";
import type { Point } from "../base/stats/theil-sen.js";

/** Malloc of one instance, in bytes, where V8 keeps no pages for later. */
export interface MallocOfGrown {
  /** What an instance holds while it lives. */
  held: Interval;
  /** What it leaves behind when it is dropped. */
  left: Interval;
}

/** Fewer sizes give no line. */
const FEWEST_SIZES = 3;
/** Chunks of malloc come and go between two readings. */
const DRIFT_BYTES = 2 ** 16;

/**
 * Malloc of one instance in the cell that grew, which has V8 give back the pages that it keeps for later before each
 * reading. Other cells do not, because the heap shrinks with it. V8's records of these pages lie in malloc: where a
 * subject makes and drops large objects (a table that is copied, as the frame of an AsyncLocalStorage is since
 * Node 24), they grew by 2 MB within 9,000 instances, in some processes and not in others, and no instance held them.
 *
 * Undefined where the cell is missing, or had no malloc to read.
 */
export function mallocOfGrown([growth]: readonly GrowthTrial[]): MallocOfGrown | undefined {
  if (growth === undefined) return undefined;
  // The first size pays what is paid once.
  const sized = points(growth.grown).slice(2);
  const [first, last] = [sized[0], sized.at(-1)];
  const slope = sized.length < FEWEST_SIZES ? undefined : theilSen(sized)?.slope;
  if (slope === undefined || first === undefined || last === undefined) return undefined;
  const held = around(slope, last.x - first.x);
  const [dropped, again] = points(growth.dropped);
  if (dropped === undefined || again === undefined || again.x === dropped.x) return { held, left: held };
  const made = again.x - dropped.x;
  return { held, left: around((again.y - dropped.y) / made, made) };
}

function points(ledgers: readonly SizedLedger[]): Point[] {
  return ledgers.flatMap(({ instances, reading: { mallocInUseBytes: bytes } }) =>
    typeof bytes === "number" ? [{ x: instances, y: bytes }] : [],
  );
}

/** 0 where the growth is no more than what comes and goes. */
function around(perInstance: number, instances: number): Interval {
  const drift = DRIFT_BYTES / instances;
  return {
    value: perInstance <= drift ? 0 : perInstance,
    low: Math.max(0, perInstance - drift),
    high: Math.max(0, perInstance) + drift,
  };
}

/** The reading, or what the cell that grew says of each unit where that is surely less. */
export function heldWithoutReserves(
  reading: ResultReading,
  grown: MallocOfGrown | undefined,
  units: number,
): ResultReading {
  if (grown === undefined || !("value" in reading)) return reading;
  const { value, low, high } = grown.held;
  return reading.low <= high / units
    ? reading
    : { value: value / units, low: low / units, high: high / units };
}

/** Bytes that an instance left, or what the cell that grew says where that is surely less. */
export function leftWithoutReserves(left: number, grown: MallocOfGrown | undefined): number {
  return grown === undefined || left <= grown.left.high ? left : grown.left.value;
}

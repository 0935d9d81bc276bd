import type { Interval } from "../base/stats/interval.js";
import type { Point } from "../base/stats/theil-sen.js";
import type { ResultReading } from "../record/schema.js";
import type { GrowthTrial } from "./collected.js";
import { halves, type SizedLedger } from "./kernel.js";

/** Malloc of one instance, in bytes, where V8 keeps no pages for later. */
export interface MallocOfGrown {
  /** What an instance holds while it lives, with all that comes and goes between two readings. */
  held: Interval;
  /** The line over the sizes, with the range over its two halves. */
  line: Interval;
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
  if (sized.length < FEWEST_SIZES || first === undefined || last === undefined) return undefined;
  const line = halves(sized);
  const held = around(line.value, last.x - first.x);
  const [dropped, again] = points(growth.dropped);
  if (dropped === undefined || again === undefined || again.x === dropped.x)
    return { held, line, left: held };
  const made = again.x - dropped.x;
  return { held, line, left: around((again.y - dropped.y) / made, made) };
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

/** Malloc of one unit, and whether V8's records were in what the trials read. */
export interface HeldMalloc {
  reading: ResultReading;
  hadReserves: boolean;
}

/**
 * Malloc of one unit from the trials and the cell that grew.
 *
 * Where the cell surely sees less, the trials read V8's records. Where both agree but for what comes and goes, the cell
 * is the better instrument, because it has ten times the instances: chunks that others freed are used again for the
 * first hundreds, each some bytes longer than what was asked for, and alike in every process. The interval then
 * covers both.
 *
 * @param levels instances between the smallest and the largest population of the trials
 * @param units units in an instance of the cell that grew
 */
export function heldWithoutReserves(
  reading: ResultReading,
  grown: MallocOfGrown | undefined,
  { levels, units }: { levels: number; units: number },
): HeldMalloc {
  if (grown === undefined || !("value" in reading)) return { reading, hadReserves: false };
  const held = dividedBy(grown.held, units);
  if (reading.low > held.high) return { reading: held, hadReserves: true };
  const line = dividedBy(grown.line, units);
  const isOnLine = reading.value >= line.low && reading.value <= line.high;
  const comesAndGoes = DRIFT_BYTES / levels / units;
  if (isOnLine || Math.abs(reading.value - line.value) > comesAndGoes) return { reading, hadReserves: false };
  const both = {
    value: Math.max(0, line.value),
    low: Math.max(0, Math.min(line.low, reading.low)),
    high: Math.max(line.high, reading.high),
  };
  return { reading: both, hadReserves: false };
}

function dividedBy({ value, low, high }: Interval, units: number): Interval {
  return { value: value / units, low: low / units, high: high / units };
}

/** Bytes that an instance left, or what the cell that grew says where that is surely less. */
export function leftWithoutReserves(left: number, grown: MallocOfGrown | undefined): number {
  return grown === undefined || left <= grown.left.high ? left : grown.left.value;
}

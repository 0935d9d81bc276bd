import { BYTES_IN } from "../base/size.js";
import type { Capacity, CapacityRow, ResultFit } from "../record/schema.js";
import type { Fits, ProcessLines } from "../record/fits.js";
import { totalOf } from "../record/total.js";
import { isAbsent } from "../system/probe/reading.js";
import { defaultOldSpaceBytes, majorOf, semiSpaceBytes, youngBytes } from "../system/v8-heap.js";
import { HEAP } from "../record/total.js";
import type { ProcessLimits } from "./walls.js";
import { predictedWalls } from "./walls.js";

const { MiB, GiB, GB } = BYTES_IN;

/** The containers of the table "how many fit". One of 10^9 bytes is among them for the summary. */
const CAPACITY_SIZES = [256 * MiB, 512 * MiB, GB, GiB, 2 * GiB, 4 * GiB];

/**
 * What a plain process of a Node holds without any instance: live objects in V8's heap, and pages beyond V8's heap.
 * Measured on x64 Linux with Node 20.20, 22.23, 24.22 and 26.12.
 */
const PLAIN: readonly { from: number; heapBytes: number; beyondBytes: number }[] = [
  { from: 26, heapBytes: 4.7 * MiB, beyondBytes: 8 * MiB },
  { from: 24, heapBytes: 4.6 * MiB, beyondBytes: 9 * MiB },
  { from: 22, heapBytes: 4.3 * MiB, beyondBytes: 5 * MiB },
  { from: 0, heapBytes: 3.4 * MiB, beyondBytes: 4.5 * MiB },
];

/**
 * Pages that a plain process takes beyond V8's heap for each byte in it: V8's books of its pages, and what malloc and
 * the page tables take for them. Measured 2 to 5 %.
 */
const BOOKS_SHARE = 0.035;

/** The place of an instance in the array that holds it, which grows by half. */
const PLACE_BYTES = 10;

/** What one unit is taken to cost, and what is paid once, bytes: the middle of a result or an end of its intervals. */
export interface UnitCost {
  perUnitBytes: number;
  fixedBytes: number;
}

/**
 * The lines of a plain process that holds units of this cost. Where a result has no parts, as that of a command, its
 * pages are all that is known and no limit of V8 is seen.
 */
function linesOf(fit: ResultFit, { perUnitBytes, fixedBytes }: UnitCost, nodeVersion: string): ProcessLines {
  const fixed = Math.max(0, fixedBytes);
  const heapPart = heapPartOf(fit);
  if (heapPart === undefined)
    return { heap: { fixed: 0, perUnit: 0 }, beyondHeap: { fixed, perUnit: perUnitBytes } };
  const total = totalOf(fit);
  const beyond = isAbsent(total) ? 0 : total.value - heapPart;
  const heap = Math.max(0, perUnitBytes - beyond);
  const major = majorOf(nodeVersion);
  const plain = PLAIN.find(({ from }) => major >= from) as (typeof PLAIN)[number];
  return {
    heap: { fixed: plain.heapBytes + fixed, perUnit: heap + PLACE_BYTES },
    beyondHeap: { fixed: plain.beyondBytes, perUnit: beyond + heap * BOOKS_SHARE },
  };
}

/** Bytes of one unit in V8's heap; undefined for a line over pages, which does not tell. */
function heapPartOf({ parts, perUnitBytes, externalPerUnitBytes, source }: ResultFit): number | undefined {
  if (parts !== undefined) return parts.find(({ name }) => name === HEAP)?.bytes ?? 0;
  if (source !== undefined) return undefined;
  return perUnitBytes.value - (isAbsent(externalPerUnitBytes) ? 0 : externalPerUnitBytes.value);
}

export interface PredictedCapacity {
  fits: number;
  wall: CapacityRow["wall"];
  /** With V8's limit moved out of the way, so that the container is the wall. */
  heapRaised: number;
}

/**
 * How many units a plain process holds in a container with Node's own limits, predicted from a measured line. The only
 * source of capacities of results: pages, summaries and budgets ask here.
 *
 * @param cost the middle of the result by default
 */
export function predictedCapacity(
  memoryBytes: number,
  fit: ResultFit,
  nodeVersion: string,
  cost?: UnitCost,
): PredictedCapacity | { absent: string } {
  const total = totalOf(fit);
  if (isAbsent(total)) return { absent: total.absent };
  const lines = linesOf(
    fit,
    cost ?? { perUnitBytes: total.value, fixedBytes: fit.fixedBytes.value },
    nodeVersion,
  );
  const limits = (oldSpaceBytes: number): ProcessLimits => {
    const semi = semiSpaceBytes(oldSpaceBytes, majorOf(nodeVersion));
    return { memoryBytes, oldSpaceBytes, youngBytes: heapPartOf(fit) === undefined ? 0 : youngBytes(semi) };
  };
  const [{ fits, wall }] = predictedWalls(lines, limits(defaultOldSpaceBytes(memoryBytes)));
  const [raised] = predictedWalls(lines, { ...limits(memoryBytes), oldSpaceBytes: Number.POSITIVE_INFINITY });
  return { fits, wall, heapRaised: Math.max(fits, raised.fits) };
}

/**
 * The table "how many fit" of a result, with what was searched where it was.
 *
 * @param measured searches of this run, in any order
 */
export function capacityOf(
  unit: string,
  fit: ResultFit | { absent: string },
  nodeVersion: string,
  measured: readonly Fits[] = [],
): { capacity?: Capacity } {
  if ((unit !== "session" && measured.length === 0) || isAbsent(fit)) return {};
  const sizes = new Set([...CAPACITY_SIZES, ...measured.map(({ memoryBytes }) => memoryBytes)]);
  const rows = [...sizes]
    .sort((a, b) => a - b)
    .map((memoryBytes) => rowOf(memoryBytes, fit, nodeVersion, measured));
  const [perGiB, perGB] = [GiB, GB].map((size) => rows.find(({ memoryBytes }) => memoryBytes === size));
  if (rows.some(({ fits }) => !Number.isFinite(fits)) || perGiB === undefined || perGB === undefined)
    return {};
  return {
    capacity: {
      perGiB: perGiB.fits,
      perGB: perGB.fits,
      heapRaisedPerGiB: perGiB.heapRaised,
      heapRaisedPerGB: perGB.heapRaised,
      basis: perGB.basis,
      formula: FORMULA,
      rows,
    },
  };
}

const FORMULA =
  "the nearest of V8's limit on its old generation and the container, for a plain process with Node's own limits";

function rowOf(
  memoryBytes: number,
  fit: ResultFit,
  nodeVersion: string,
  measured: readonly Fits[],
): CapacityRow {
  const predicted = predictedCapacity(memoryBytes, fit, nodeVersion);
  if (isAbsent(predicted))
    return { memoryBytes, basis: "predicted", fits: Number.NaN, wall: "heap", heapRaised: Number.NaN };
  const search = measured.find((each) => each.memoryBytes === memoryBytes && each.measured);
  if (search?.lives === undefined) return { memoryBytes, basis: "predicted", ...predicted };
  const behind = search.next.find((next) => next.measured)?.lives;
  return {
    memoryBytes,
    basis: "measured",
    fits: search.lives,
    dies: search.dies,
    wall: search.wall,
    heapRaised: behind ?? (search.wall === "heap" ? predicted.heapRaised : search.lives),
    heapRaisedBasis: behind === undefined && search.wall === "heap" ? "predicted" : "measured",
    predicted: predicted.fits,
  };
}

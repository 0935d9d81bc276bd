import { largestOf } from "../../base/stats/extremes.js";
import { ownValue } from "../../base/own-value.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Result, ResultRow, ResultRowReading } from "../../record/schema.js";
import type { Axis, Point } from "./figure.js";

type Found = ResultRowReading | number | string | boolean | undefined;

/** The value of a row under a name that columns and figures use; undefined if the row has none. */
export function rowValue(row: ResultRow, from: string): Found {
  const [room, ...rest] = from.split(".");
  const name = rest.join(".");
  if (room === "factors") return ownValue(row.factors, name);
  if (room === "readings") return ownValue(row.readings, name);
  switch (from) {
    case "instances":
    case "unitsPerInstance":
    case "perInstanceBytes":
    case "perUnitBytes":
    case "capBytes":
    case "measuredOverEstimate":
      return row[from];
    case "units":
      return row.instances * row.unitsPerInstance;
    case "estimateBytes":
      return row.estimate?.bytes;
    case "heapAndExternal":
      return sum(row.readings.heapBytes, row.readings.externalBytes);
    default:
      return undefined;
  }
}

function sum(heap: ResultRowReading | undefined, external: ResultRowReading | undefined): Found {
  if (heap === undefined || external === undefined) return heap ?? external;
  if (!("value" in heap)) return heap;
  if (!("value" in external)) return external;
  const [value, low, high] = (["value", "low", "high"] as const).map((key) => heap[key] + external[key]) as [
    number,
    number,
    number,
  ];
  return { value, low, high };
}

/** The mean of a reading over the runs of its row, with the interval of that mean; else the value of the row. */
export function rowPoint(row: ResultRow, x: number, from: string): Point {
  const [room, ...rest] = from.split(".");
  const statistics = room === "readings" ? ownValue(row.statistics ?? {}, rest.join(".")) : undefined;
  if (statistics === undefined) return pointOf(x, rowValue(row, from));
  const { mean, interval } = statistics;
  return isAbsent(interval) ? { x, y: mean } : { x, y: mean, low: interval.low, high: interval.high };
}

/** The value of a row as a number for an axis. */
export function rowNumber(row: ResultRow, from: string): number | undefined {
  const found = rowValue(row, from);
  if (typeof found === "number") return found;
  return typeof found === "object" && "value" in found ? found.value : undefined;
}

/** A reading as a point: with an interval, a bound, or absent. */
function pointOf(x: number, found: Found): Point {
  if (typeof found === "number") return { x, y: found };
  if (typeof found !== "object" || isAbsent(found)) return { x };
  if ("above" in found) return { x, y: found.above, censored: true };
  const { value, low, high } = found;
  return low === high ? { x, y: value } : { x, y: value, low, high };
}

export function unitOf(from: string): Axis["unit"] {
  if (from.endsWith("Bytes") || from === "heapAndExternal") return "bytes";
  if (from.endsWith("Ms")) return "ms";
  if (from.endsWith("Share")) return "share";
  return /^(factors\.|instances$|units)|(Tokens|Sessions|Count)$/.test(from) ? "count" : "none";
}

/** One line about machine and settings, for the foot of a figure. */
export function circumstances(result: Result, rows: readonly ResultRow[]): string {
  const { environment, settings } = result;
  const trials = largestOf([0, ...rows.map((row) => row.trials)]);
  const device = typeof settings.device === "string" ? `; device ${settings.device}` : "";
  const repeated = rows.some(({ statistics }) => statistics !== undefined)
    ? `${largestOf(rows.map(({ runs = [] }) => runs.length))} fresh processes a point: means, bars are their 95 % intervals`
    : trials === 1
      ? "one fresh process a point"
      : `${trials} fresh processes a point, medians`;
  const quick = settings.quick === true ? "Quick run. " : "";
  return `${quick}Node ${environment.node}, ${environment.cpu}, ${environment.os} ${environment.arch}; optimising compilers ${environment.compilers}${device}; ${repeated}. Run ${result.runId}.`;
}

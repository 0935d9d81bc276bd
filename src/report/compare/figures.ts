import { isAbsent } from "../../system/probe/reading.js";
import { detectableBytes, PAGE_BYTES } from "../detectable.js";
import type { Result, ResultFit, ResultReading } from "../../record/schema.js";
import { totalOf } from "../../record/total.js";
import type { Judgement } from "./verdict.js";
import { judgeReadings } from "./verdict.js";

export interface FigureComparison extends Judgement {
  name: FigureName;
  base?: ResultReading;
  next?: ResultReading;
}

export type FigureName =
  "totalPerUnitBytes" | "perUnitBytes" | "fixedBytes" | "nativePerUnitBytes" | "externalPerUnitBytes";

const FIGURES: readonly FigureName[] = [
  "totalPerUnitBytes",
  "perUnitBytes",
  "fixedBytes",
  "nativePerUnitBytes",
  "externalPerUnitBytes",
];

/**
 * Compares the figures of the line. Empty if neither result has a line; "unknown" if the two results have
 * different populations.
 */
export function compareFigures(base: Result, next: Result): FigureComparison[] {
  const [from, to] = [base.fit, next.fit];
  if (isAbsent(from) && isAbsent(to)) return [];
  const other = otherGrid(base, next);
  const have = (fit: Result["fit"]): boolean => !isAbsent(fit) && fit.totalPerUnitBytes !== undefined;
  const hasTotal = have(from) && have(to);
  return FIGURES.filter((name) => hasTotal || name !== "totalPerUnitBytes").map((name) => {
    const before = isAbsent(from) ? { absent: from.absent } : figureOf(from, name);
    const after = isAbsent(to) ? { absent: to.absent } : figureOf(to, name);
    const sides = { base: before, next: after };
    if (other !== undefined) return { name, ...sides, verdict: "unknown", reason: other };
    const floor = floorOf(base, name) + floorOf(next, name);
    return { name, ...sides, ...judgeReadings(before, after, floor) };
  });
}

function figureOf(fit: ResultFit, name: FigureName): ResultReading {
  return name === "totalPerUnitBytes" ? totalOf(fit) : fit[name];
}

/** The figure that a comparison is judged by: the total, or the line where a result knows no total. */
export function headlineFigure(
  figures: readonly Pick<FigureComparison, "name" | "base" | "next">[],
): FigureName {
  const total = figures.find(({ name }) => name === "totalPerUnitBytes");
  const isKnown =
    total?.base !== undefined && total.next !== undefined && !isAbsent(total.base) && !isAbsent(total.next);
  return isKnown ? "totalPerUnitBytes" : "perUnitBytes";
}

function floorOf(result: Result, name: FigureName): number {
  // The fixed cost comes from one reading of the whole heap, so it cannot be more exact than such a reading.
  const whole = isAbsent(result.nullControl) ? 0 : result.nullControl.largestBytes;
  return Math.max(detectableBytes(result, name), name === "fixedBytes" ? whole : 0);
}

/** Lines through different populations must not be compared: their units may differ in size. */
function otherGrid(base: Result, next: Result): string | undefined {
  const keys = ({ rows }: Result): string =>
    rows
      .map(({ factors, unitsPerInstance }) => `${JSON.stringify(factors)}x${unitsPerInstance}`)
      .sort()
      .join(" ");
  return keys(base) === keys(next)
    ? undefined
    : "the lines are over other populations; run both with the same levels (--quick or not)";
}

/** The smallest difference that this reading of a whole cell can show, bytes. */
export function readingFloor(result: Result, name: string): number {
  const control = isAbsent(result.nullControl) ? undefined : result.nullControl;
  if (name === "heapBytes" || name === "externalBytes") return control?.largestBytes ?? 8;
  if (name === "rssBytes" || name === "pssBytes") {
    const own = control?.[name];
    return PAGE_BYTES + (own === undefined || isAbsent(own) ? 0 : own.high);
  }
  return isExact(name) ? detectableBytes(result, name) : PAGE_BYTES;
}

/**
 * Whether a reading counts what the program asked for. Other readings count pages or chunks that the system
 * gave out.
 */
export function isExact(name: string): boolean {
  return !/rss|pss|peak|hwm|native|malloc|cgroup|swap/i.test(name);
}

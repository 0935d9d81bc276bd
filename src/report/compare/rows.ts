import { counted } from "../../base/format.js";
import { ownValue } from "../../base/own-value.js";
import { isAbsent } from "../../system/probe/reading.js";
import { kindOf } from "../../record/kind.js";
import type { Result, ResultRow, ResultRowReading } from "../../record/schema.js";
import { isExact, readingFloor } from "./figures.js";
import type { Judgement } from "./verdict.js";
import { judgeReadings } from "./verdict.js";

/** One reading of one row, before and after. */
export interface ReadingComparison extends Judgement {
  name: string;
  base?: ResultRowReading;
  next?: ResultRowReading;
}

/** A row that both results have, matched by its factors; `part` names the follow-up if it belongs to one. */
export interface RowComparison {
  part?: string;
  factors: ResultRow["factors"];
  outcomes: [base: ResultRow["outcome"], next: ResultRow["outcome"]];
  readings: ReadingComparison[];
}

export interface RowsComparison {
  rows: RowComparison[];
  onlyInBase: string[];
  onlyInNew: string[];
}

/** With fewer trials their range tells nothing about noise. */
const FEWEST_TRIALS = 3;

export function compareRows(base: Result, next: Result): RowsComparison {
  const before = keyed(base);
  const after = keyed(next);
  const only = (own: typeof before, other: typeof before): string[] =>
    [...own].filter(([key]) => !other.has(key)).map(([, { part, row }]) => rowName(part, row.factors));
  const rows = [...after].flatMap(([key, { part, row }]) => {
    const own = before.get(key)?.row;
    if (own === undefined) return [];
    return {
      ...(part === undefined ? {} : { part }),
      factors: row.factors,
      outcomes: [own.outcome, row.outcome] as RowComparison["outcomes"],
      readings: compareRow({ result: base, row: own }, { result: next, row }),
    };
  });
  return { rows, onlyInBase: only(before, after), onlyInNew: only(after, before) };
}

export function rowName(part: string | undefined, factors: ResultRow["factors"]): string {
  const levels = Object.entries(factors).map(([name, level]) => `${name}=${String(level)}`);
  return [...(part === undefined ? [] : [part]), ...(levels.length === 0 ? ["all"] : levels)].join(" ");
}

function keyed(result: Result): Map<string, { part: string | undefined; row: ResultRow }> {
  const all = [
    ...result.rows.map((row) => ({ part: undefined, row })),
    ...(result.followUps ?? []).flatMap(({ name: part, rows }) => rows.map((row) => ({ part, row }))),
  ];
  return new Map(all.map((each) => [keyOf(each.part ?? "", each.row.factors), each]));
}

/** Sorts the factors, because their order in the file means nothing. */
function keyOf(part: string, factors: ResultRow["factors"]): string {
  return JSON.stringify([part, ...Object.entries(factors).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

interface Side {
  result: Result;
  row: ResultRow;
}

function compareRow(base: Side, next: Side): ReadingComparison[] {
  if (base.row.unitsPerInstance !== next.row.unitsPerInstance) {
    const reason = `an instance holds ${base.row.unitsPerInstance} units in BASE and ${next.row.unitsPerInstance} in NEW`;
    return [{ name: "perUnitBytes", verdict: "unknown", reason }];
  }
  const outcome = compareOutcomes(base, next);
  if (outcome !== undefined) return [outcome];
  const names = new Set([...Object.keys(base.row.readings), ...Object.keys(next.row.readings)]);
  const whole = [...names].filter(
    (name) => name.endsWith("Bytes") && !isRepeatedFactor(name, next.row) && !isPages(name, next.result),
  );
  return [
    ...(isAbsent(base.row.perUnitBytes) && isAbsent(next.row.perUnitBytes) ? [] : [perUnit(base, next)]),
    ...whole.map((name) => wholeReading(name, base, next)),
  ];
}

/**
 * Leaves out the pages of a population's process. They depend on how V8 and malloc happened to fill the
 * pages, so all trials of one run may agree with each other and differ from all trials of the next. The
 * heap's readings show the same change exactly.
 */
function isPages(name: string, result: Result): boolean {
  return kindOf(result) === "population" && (name === "rssBytes" || name === "pssBytes");
}

function isRepeatedFactor(name: string, { factors }: ResultRow): boolean {
  return Object.hasOwn(factors, name);
}

function isOutOfMemory(outcome: string): boolean {
  return outcome.startsWith("oom-");
}

/** What the outcomes of the two cells alone tell; undefined if both ended well. */
function compareOutcomes(base: Side, next: Side): ReadingComparison | undefined {
  const [from, to] = [base.row.outcome, next.row.outcome];
  const [room, roomNow] = [capOf(base), capOf(next)];
  if (from === "ok" && to === "ok") return undefined;
  const name = "outcome";
  const change = `${from} in BASE, ${to} in NEW`;
  if (isOutOfMemory(from) && isOutOfMemory(to))
    return { name, verdict: "unknown", reason: `both ran out of memory: ${change}` };
  if (from === "ok" && isOutOfMemory(to)) {
    if (isSmaller(roomNow, room))
      return { name, verdict: "unknown", reason: `NEW ran out of memory under a smaller cap: ${change}` };
    return {
      name,
      verdict: "heavier",
      ...boundOf(base.row, next.row),
      reason: `it no longer fits: ${change}`,
    };
  }
  if (isOutOfMemory(from) && to === "ok") {
    if (isSmaller(room, roomNow)) return { name, verdict: "unknown", reason: `NEW had more room: ${change}` };
    return { name, verdict: "lighter", reason: `it fits now: ${change}` };
  }
  return {
    name,
    verdict: "unknown",
    reason: `${change}${next.row.cause === undefined ? "" : ` (${next.row.cause})`}`,
  };
}

/** The memory that the cell could use: its own cap, or the cap of its device. */
function capOf({ result, row }: Side): number | undefined {
  const { deviceCapBytes } = result.settings;
  if (row.outcome !== "oom-device" && row.capBytes !== undefined) return row.capBytes;
  return typeof deviceCapBytes === "number" ? deviceCapBytes : row.capBytes;
}

function isSmaller(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && (b === undefined || a < b);
}

/** The least growth of a row that ran out of memory: the bound of its peak minus the peak before. */
function boundOf(base: ResultRow, next: ResultRow): Pick<ReadingComparison, "differenceBytes" | "isLeast"> {
  const [before, after] = [base.readings.peakBytes, next.readings.peakBytes];
  if (before === undefined || after === undefined || !("value" in before) || !("above" in after)) return {};
  return after.above > before.value ? { differenceBytes: after.above - before.value, isLeast: true } : {};
}

function perUnit(base: Side, next: Side): ReadingComparison {
  const sides = { base: base.row.perUnitBytes, next: next.row.perUnitBytes };
  const floor = perUnitFloor(base) + perUnitFloor(next);
  return { name: "perUnitBytes", ...sides, ...judgeReadings(sides.base, sides.next, floor) };
}

/**
 * Bytes per unit of a row come from one reading of its population, so the error of that reading is divided by
 * its units.
 */
function perUnitFloor({ result, row }: Side): number {
  const units = Math.max(1, row.instances * row.unitsPerInstance);
  return Math.max(result.minimumDetectableBytes, (2 * readingFloor(result, "heapBytes")) / units);
}

function wholeReading(name: string, base: Side, next: Side): ReadingComparison {
  const [before, after] = [ownValue(base.row.readings, name), ownValue(next.row.readings, name)];
  const sides = {
    ...(before === undefined ? {} : { base: before }),
    ...(after === undefined ? {} : { next: after }),
  };
  const unknown = (reason: string): ReadingComparison => ({ name, ...sides, verdict: "unknown", reason });
  if (base.row.instances !== next.row.instances)
    return unknown(`${counted(base.row.instances, "instance")} in BASE, ${next.row.instances} in NEW`);
  const fewest = Math.min(base.row.trials, next.row.trials);
  if (fewest < FEWEST_TRIALS && (kindOf(next.result) === "command" || !isExact(name)))
    return unknown(
      `${counted(fewest, "trial")} ${fewest === 1 ? "does" : "do"} not show its noise; at least ${FEWEST_TRIALS} are needed`,
    );
  const floor = readingFloor(base.result, name) + readingFloor(next.result, name);
  return { name, ...sides, ...judgeReadings(before, after, floor) };
}

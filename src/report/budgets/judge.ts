import { BytesperError } from "../../base/errors.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Comparison } from "../compare/compare.js";
import { headlineFigure } from "../compare/figures.js";
import { detectableBytes } from "../detectable.js";
import { bytesIn, bytesWithBinaryUnit, fixed, percent, plural } from "../../base/format.js";
import type { Result, ResultFit } from "../../record/schema.js";
import { totalOf } from "../../record/total.js";
import { predictedCapacity } from "../../analysis/capacity.js";
import { wallText } from "../wall-text.js";
import type { Budget, Limit } from "./budget.js";

/** One budget against one measurement. */
export interface Finding {
  experiment: string;
  key: string;
  /** The limit, as text. */
  limit: string;
  measured: string;
  verdict: "within" | "over" | "unknown";
  /** By how much it is over, as text. */
  over?: string;
  /** Bytes per unit over the budget, if the budget is about bytes per unit. */
  overBytes?: number;
  reason?: string;
  /**
   * The tightest value that this measurement would keep, as the config writes it; absent if there is none.
   */
  fitting?: { bytes: number } | { atLeast: number };
}

/**
 * Compares a result with its budgets. A budget is exceeded only if even the end of the interval nearest to it
 * is over it by more than can be detected. Throws `BAD_INPUT` for a budget that no measurement could keep.
 *
 * @param comparison with the committed result, for growth; absent with a reason
 */
export function judgeBudget(
  { experiment, limits }: Budget,
  result: Result,
  comparison: Comparison | { absent: string },
): Finding[] {
  return limits.map((limit) => {
    const shared = { experiment, key: limit.key, limit: limit.text };
    const judged = judgeLimit(limit, result, comparison);
    return { ...shared, ...judged };
  });
}

type Judged = Omit<Finding, "experiment" | "key" | "limit">;

function unknown(reason: string): Judged {
  return { measured: "not known", verdict: "unknown", reason };
}

function judgeLimit(limit: Limit, result: Result, comparison: Comparison | { absent: string }): Judged {
  const { fit } = result;
  if (limit.kind === "growthPerCall") return judgeLeft(limit, result);
  if (isAbsent(fit)) return unknown(`there are no bytes per ${result.unit}: ${fit.absent}`);
  const total = totalOf(fit);
  if (isAbsent(total)) return unknown(`what one ${result.unit} costs in all is not known: ${total.absent}`);
  const cost = total;
  const floor = detectableBytes(result, "totalPerUnitBytes");
  const { value, low, high } = cost;
  const measured = `${intervalText(cost)} per ${result.unit}`;
  switch (limit.kind) {
    case "perUnit": {
      if (limit.bytes <= floor)
        throw impossible(
          result,
          limit,
          `below the ${bytesIn(floor, "B", 0.1)} B that can be detected at all`,
        );
      const fitting = { bytes: Math.ceil(high + floor) };
      if (low - limit.bytes <= floor) return { measured, verdict: "within", fitting };
      return { measured, verdict: "over", ...overBy(value - limit.bytes, limit.bytes), fitting };
    }
    case "growth":
      return judgeGrowth(limit.share, floor, comparison, measured);
    case "capacity":
      return judgeCapacity(limit, result, cost);
    case "residual":
      return judgeResidual(limit, result, floor, { low, high });
  }
}

/**
 * What each instance, or each call, leaves behind after it was dropped: V8's memory, and that of malloc of which V8 is
 * not told.
 */
function judgeLeft({ bytes }: { bytes: number }, { leak, unit, minimumDetectableBytes }: Result): Judged {
  if (leak === undefined) return unknown("the result does not say what was left behind; measure again");
  if (isAbsent(leak)) return unknown(`what is left behind is not known: ${leak.absent}`);
  const { retainedPerInstanceBytes: heap, undeclaredPerInstanceBytes: native } = leak;
  if (native === undefined)
    return unknown("the result does not say how much of malloc V8 counts too; measure again");
  if (!("value" in heap) || !("value" in native)) {
    const why = [heap, native].flatMap((reading) => ("absent" in reading ? [reading.absent] : [])).join("; ");
    return unknown(`what is left behind is not known: ${why}`);
  }
  const sum = (end: "value" | "low" | "high"): number => Math.max(0, heap[end]) + Math.max(0, native[end]);
  const left = { value: sum("value"), low: sum("low"), high: sum("high") };
  const measured = `${intervalText(left)} left behind per ${unit}`;
  if (left.low - bytes <= minimumDetectableBytes) return { measured, verdict: "within" };
  return { measured, verdict: "over", ...overBy(left.value - bytes, bytes) };
}

function judgeGrowth(
  allowed: number,
  floor: number,
  comparison: Comparison | { absent: string },
  measured: string,
): Judged {
  if (isAbsent(comparison)) return unknown(`growth has nothing to grow from: ${comparison.absent}`);
  if (!comparison.comparable)
    return unknown(`the committed result is not comparable: ${comparison.obstacles.join("; ")}`);
  const figure = comparison.figures.find(({ name }) => name === headlineFigure(comparison.figures));
  const { base, next, verdict, reason } = figure ?? {};
  if (base === undefined || next === undefined || isAbsent(base) || isAbsent(next) || verdict === "unknown")
    return unknown(reason ?? "there is no line to compare");
  const most = base.high + allowed * Math.abs(base.high);
  if (verdict !== "heavier" || next.low - most <= floor) return { measured, verdict: "within" };
  const growth = next.value / base.value - 1;
  const from = `${intervalText(base)} in the committed result`;
  return {
    measured: `${measured}, ${Number.isFinite(growth) ? `${percent(growth)} more than ` : "from "}${from}`,
    verdict: "over",
    ...overBy(next.value - most, most),
  };
}

type ResultInterval = ResultFit["perUnitBytes"];

function judgeCapacity(
  limit: Extract<Limit, { kind: "capacity" }>,
  result: Result,
  cost: ResultInterval,
): Judged {
  const { fit, unit } = result;
  if (isAbsent(fit)) return unknown(fit.absent);
  if (fit.totalPerUnitBytes === undefined)
    return unknown("the result is of a version that did not add up native memory; measure again");
  const memory = bytesWithBinaryUnit(limit.memoryBytes);
  const searched = result.capacity?.rows?.find(
    ({ memoryBytes, basis }) => memoryBytes === limit.memoryBytes && basis === "measured",
  );
  if (searched !== undefined) {
    const most = searched.dies ?? searched.fits;
    const measured = `${fixed(searched.fits, 0)} ${plural(unit)} in ${memory} (measured; ${wallText(searched.wall)})`;
    return judgedCapacity(limit, unit, { most, middle: searched.fits, least: searched.fits }, measured);
  }
  const { node } = result.environment;
  const { fixedBytes } = fit;
  // The smallest detectable difference of each figure; doubt counts in favour of the budget.
  const [each, once] = (["totalPerUnitBytes", "fixedBytes"] as const).map((name) =>
    detectableBytes(result, name),
  ) as [number, number];
  const fitting = (perUnitBytes: number, once: number): ReturnType<typeof predictedCapacity> =>
    predictedCapacity(limit.memoryBytes, fit, node, { perUnitBytes, fixedBytes: once });
  const middle = fitting(cost.value, fixedBytes.value);
  const most = fitting(cost.low - each, fixedBytes.low - once);
  const least = fitting(cost.high + each, fixedBytes.high + once);
  if (isAbsent(middle) || isAbsent(most) || isAbsent(least)) return unknown("there is no line of all bytes");
  if (most.fits === 0)
    throw impossible(
      result,
      limit,
      `given less memory than a process without any ${unit} takes (${bytesIn(fixedBytes.value, "B")} B of it by this subject)`,
    );
  const measured = `${fixed(middle.fits, 0)} ${plural(unit)} in ${memory} (predicted from the line; ${wallText(middle.wall)})`;
  return judgedCapacity(limit, unit, { most: most.fits, middle: middle.fits, least: least.fits }, measured);
}

function judgedCapacity(
  { atLeast }: Extract<Limit, { kind: "capacity" }>,
  unit: string,
  { most, middle, least }: { most: number; middle: number; least: number },
  measured: string,
): Judged {
  const tight = { fitting: { atLeast: least } };
  if (most >= atLeast) return { measured, verdict: "within", ...tight };
  return { measured, verdict: "over", over: `${fixed(atLeast - middle, 0)} ${plural(unit)}`, ...tight };
}

function judgeResidual(
  limit: Extract<Limit, { kind: "residual" }>,
  result: Result,
  floor: number,
  { low, high }: { low: number; high: number },
): Judged {
  const { estimate, comparison } = result;
  if (estimate === undefined || comparison === undefined)
    return unknown("the experiment has no estimate, so there is no residual");
  const most = limit.bytes ?? (limit.share ?? 0) * Math.abs(estimate.perUnitBytes);
  const least = Math.max(0, low - estimate.perUnitBytes, estimate.perUnitBytes - high);
  const off = comparison.residualBytes;
  const measured = `${bytesIn(off, "B", 0.1)} B per ${result.unit} beside the estimate of ${bytesIn(estimate.perUnitBytes, "B", 0.1)} B (${percent(off / estimate.perUnitBytes)})`;
  if (least - most <= floor) return { measured, verdict: "within" };
  return { measured, verdict: "over", ...overBy(Math.abs(off) - most, most) };
}

function overBy(bytes: number, limit: number): Pick<Finding, "over" | "overBytes"> {
  const part = limit === 0 ? "" : ` (${percent(bytes / limit)})`;
  return { over: `${bytesIn(bytes, "B", 0.1)} B${part}`, overBytes: bytes };
}

function intervalText({ value, low, high }: { value: number; low: number; high: number }): string {
  const text = (bytes: number): string => bytesIn(bytes, "B", 0.1);
  const range = text(low) === text(high) ? "" : ` (${text(low)} to ${text(high)})`;
  return `${text(value)}${range} B`;
}

function impossible({ experiment }: Result, { key, text }: Limit, why: string): BytesperError {
  return new BytesperError(
    "BAD_INPUT",
    `The budget ${experiment}.${key} (${text}) is ${why}; no measurement could keep it, so give a larger one.`,
  );
}

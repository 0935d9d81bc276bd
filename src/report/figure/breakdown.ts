import { percent, plural } from "../../base/format.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Result } from "../../record/schema.js";
import type { Figure, Point, Series } from "./figure.js";
import { circumstances } from "./row-values.js";

const CLASSES_SHOWN = 10;

export function breakdownFigure(result: Result): Figure | undefined {
  const { breakdown, unit } = result;
  if (breakdown.length === 0) return undefined;
  const sorted = [...breakdown].sort((a, b) => b.bytes - a.bytes);
  const total = sorted.reduce((sum, { bytes }) => sum + bytes, 0);
  const rest = sorted.slice(CLASSES_SHOWN);
  const shown = [
    ...sorted.slice(0, CLASSES_SHOWN),
    ...(rest.length === 0
      ? []
      : [{ type: `${rest.length} more`, bytes: rest.reduce((sum, { bytes }) => sum + bytes, 0) }]),
  ];
  return {
    title: `${percent((sorted[0]?.bytes ?? 0) / total, 0)} of the bytes of one ${unit} are ${sorted[0]?.type ?? ""}`,
    name: "breakdown",
    x: { label: `set-retained size per ${unit}`, unit: "bytes" },
    y: { label: "", unit: "none", categories: shown.map(({ type }) => type) },
    series: [
      { name: "snapshot", kind: "bar", points: shown.map(({ bytes }, place) => ({ x: bytes, y: place })) },
    ],
    notes: [`By class, from a heap snapshot. ${circumstances(result, result.rows)}`],
  };
}

/** The estimates beside the measurement, which is split by V8 kinds. */
export function estimateFigure(result: Result): Figure | undefined {
  const { estimates, kinds, fit, unit } = result;
  if (estimates.length === 0 || kinds.length === 0 || isAbsent(fit)) return undefined;
  const parts = [...kinds].sort((a, b) => b.bytes - a.bytes).filter(({ bytes }) => bytes > 0);
  const names = [
    ...estimates.map(({ name }) => `estimate: ${name}`),
    "slope of the line",
    "snapshot",
    ...parts.map(({ kind }) => `of it ${kind}`),
  ];
  const bars = (
    name: string,
    from: number,
    points: readonly Omit<Point, "y">[],
    estimated = false,
  ): Series => ({
    name,
    kind: "bar",
    stack: "bytes",
    ...(estimated ? { estimated } : {}),
    points: points.map((point, index) => ({ ...point, y: from + index })),
  });
  const { value, low, high } = fit.perUnitBytes;
  const snapshot = kinds.reduce((sum, { bytes }) => sum + bytes, 0);
  const after = estimates.length;
  const series = [
    bars("measured", after, [{ x: value, ...(low === high ? {} : { low, high }) }, { x: snapshot }]),
    bars("part of the snapshot", after + 2, parts.map(({ bytes }) => ({ x: bytes }))), // prettier-ignore
    bars("estimated", 0, estimates.map(({ perUnitBytes }) => ({ x: perUnitBytes })), true), // prettier-ignore
  ];
  return {
    title: estimateTitle(result, value),
    name: "estimate",
    x: { label: `bytes per ${unit}`, unit: "bytes" },
    y: { label: "", unit: "none", categories: names },
    series,
    notes: [`${scopeOf(result)} ${circumstances(result, result.rows)}`],
  };
}

/** How far the best estimate is from the measurement. */
function estimateTitle({ estimates, unit }: Result, measured: number): string {
  const off = estimates.map(({ name, perUnitBytes }) => ({ name, share: perUnitBytes / measured - 1 }));
  const best = off.reduce((a, b) => (Math.abs(b.share) < Math.abs(a.share) ? b : a));
  const side = best.share < 0 ? "too low" : "too high";
  return Math.abs(best.share) < 0.005
    ? `The estimate "${best.name}" of one ${unit} holds`
    : `The best estimate of one ${unit}, "${best.name}", is ${percent(Math.abs(best.share), 0)} ${side}`;
}

/**
 * If the snapshot was taken at one level only, the bytes that its instances share are charged to the units of
 * that level.
 */
function scopeOf({ crossCheck, unit }: Result): string {
  const levels = isAbsent(crossCheck) ? [] : Object.entries(crossCheck.factors);
  if (levels.length === 0) return "Slope and snapshot measure the same by two ways.";
  const at = levels.map(([name, level]) => `${name} ${level}`).join(", ");
  return `The snapshot is of instances at ${at} and counts what their ${plural(unit)} share; the slope leaves it out.`;
}

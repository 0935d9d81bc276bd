import type { Absent, Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { fixed, percent } from "../../base/format.js";
import type { Cell } from "../../base/table/table.js";
import type { Interval } from "../../base/stats/interval.js";

export function count(value: Reading | undefined): Cell {
  if (value === undefined) return "0";
  return isAbsent(value) ? value : fixed(value, 0);
}

export function number(value: number | Absent, decimals: number): Cell {
  return isAbsent(value) ? value : fixed(value, decimals);
}

export function shareWithin(interval: Interval | undefined, reason: string): Cell {
  if (interval === undefined) return { absent: reason };
  const { value, low, high } = interval;
  return `${percent(value, 1)} (${percent(low, 1)} to ${percent(high, 1)})`;
}

export const left = (title: string): { title: string; align: "left" } => ({ title, align: "left" });
export const right = (title: string): { title: string; align: "right" } => ({ title, align: "right" });

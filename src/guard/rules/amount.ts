import { bytesWithBinaryUnit, fixed } from "../../base/format.js";
import type { Unit } from "./unit.js";

/** A value for a sentence: the exact bytes and a short form. The exact bytes show how close values differ. */
export function amount(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return String(value);
  const whole = fixed(value, Number.isInteger(value) ? 0 : 2);
  if (unit === "ms") return `${whole} ms`;
  if (unit === "number") return whole;
  return Math.abs(value) < 1e4 ? `${whole} B` : `${fixed(value, 0)} B (${bytesWithBinaryUnit(value)})`;
}

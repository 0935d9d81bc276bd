import { fixed } from "../../base/format.js";
import { binaryUnitOf, BYTES_IN } from "../../base/size.js";
import type { Axis } from "./figure.js";

/** A value beside a bar or an arrow: three digits and the unit. */
export function valueText({ unit }: Axis, value: number): string {
  const size = Math.abs(value);
  if (unit === "bytes") {
    const prefix = binaryUnitOf(value);
    return `${threeDigits(value / BYTES_IN[prefix])} ${prefix}`;
  }
  if (unit === "ms") return size >= 1000 ? `${threeDigits(value / 1000)} s` : `${threeDigits(value)} ms`;
  return unit === "share" ? `${threeDigits(100 * value)} %` : threeDigits(value);
}

/** Whole numbers unchanged, others with as many decimal places as give three digits. */
function threeDigits(value: number): string {
  if (Number.isInteger(value)) return fixed(value, 0);
  const size = Math.abs(value);
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

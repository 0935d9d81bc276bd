import { fixed } from "../../base/format.js";
import { binaryUnitOf, BYTES_IN } from "../../base/size.js";
import type { Axis, Figure } from "./figure.js";
import { values } from "./values.js";

/** The unit of an axis as its title and its values name it; empty for a plain number. */
export function axisUnit({ unit, byteUnit = "B" }: Axis): string {
  return { bytes: byteUnit, ms: "ms", share: "%", count: "", none: "" }[unit];
}

/** A value in the unit of its axis. */
export function scaled({ unit, byteUnit = "B" }: Axis, value: number): number {
  if (unit === "bytes") return value / BYTES_IN[byteUnit];
  return unit === "share" ? 100 * value : value;
}

/** A value with the unit of its axis, the same unit for all values of the axis. */
export function valueText(axis: Axis, value: number, digits = 3): string {
  const unit = axisUnit(axis);
  return `${shortened(scaled(axis, value), digits)}${unit === "" ? "" : ` ${unit}`}`;
}

/** Whole numbers unchanged, others with as many decimal places as give the digits; below 1 with two digits. */
function shortened(value: number, digits: number): string {
  if (Number.isInteger(value)) return fixed(value, 0);
  const size = Math.abs(value);
  if (size < 1) return String(Number(value.toPrecision(2)));
  return fixed(value, Math.min(2, Math.max(0, digits - 1 - Math.floor(Math.log10(size)))));
}

/** The figure with one unit for each axis of bytes: the one that its table uses, else by its largest value. */
export function withUnits(figure: Figure): Figure {
  const chosen = (side: "x" | "y"): Axis => {
    const axis = figure[side];
    if (axis.unit !== "bytes" || axis.byteUnit !== undefined) return axis;
    const byteUnit = binaryUnitOf(
      values(figure, side).reduce((most, each) => Math.max(most, Math.abs(each)), 0),
    );
    return { ...axis, byteUnit };
  };
  return { ...figure, x: chosen("x"), y: chosen("y") };
}

import type { Coordinates } from "../../figure/shapes.js";
import { LETTER } from "./frame.js";

export type Shape = Record<string, unknown>;

export function line(
  points: readonly Coordinates[],
  stroke: string,
  lineWidth: number,
  lineDash?: number[],
): Shape {
  return {
    type: "polyline",
    shape: { points },
    style: { fill: "none", stroke, lineWidth, ...(lineDash === undefined ? {} : { lineDash }) },
  };
}

export function word(
  at: Coordinates,
  text: string,
  fill: string,
  align: string,
  verticalAlign = "middle",
): Shape {
  return {
    type: "text",
    x: at[0],
    y: at[1],
    style: { text, fill, align, verticalAlign, fontSize: LETTER - 1 },
  };
}

export function whisker(
  [from, to]: readonly ({ left: number; top: number } | undefined)[],
  color: string,
  lying: boolean,
): Shape[] {
  if (from === undefined || to === undefined) return [];
  const cap = ({ left, top }: { left: number; top: number }): Shape =>
    lying
      ? line([[left, top - 4], [left, top + 4]], color, 1.2) // prettier-ignore
      : line([[left - 4, top], [left + 4, top]], color, 1.2); // prettier-ignore
  return [line([[from.left, from.top], [to.left, to.top]], color, 1.2), cap(from), cap(to)]; // prettier-ignore
}

/** An arrow from a bound in the direction of larger values. */
export function arrow([left, top]: Coordinates, [right, down]: Coordinates, color: string): Shape[] {
  const tip: Coordinates = [left + 18 * right, top + 18 * down];
  const [wide, high] = [4 * down, 4 * right];
  const back: Coordinates = [tip[0] - 6 * right, tip[1] - 6 * down];
  return [
    line([[left, top], back], color, 1.6), // prettier-ignore
    {
      type: "polygon",
      shape: { points: [tip, [back[0] + wide, back[1] + high], [back[0] - wide, back[1] - high]] },
      style: { fill: color },
    },
  ];
}

import { hatchLines } from "./hatch.js";
import type { Look } from "./palette.js";
import { PAPER, tint } from "./palette.js";
import type { Coordinates, Shape } from "./shapes.js";

/**
 * A bar: a light face, hatching, and an edge in the full colour. An estimate has no fill and a dashed edge.
 */
export function faceShapes(
  place: Coordinates,
  width: number,
  height: number,
  look: Look,
  estimated: boolean,
): Shape[] {
  const shape = { x: place[0], y: place[1], width, height };
  const rim = { stroke: look.color, lineWidth: 0.8, fill: "none" };
  const face = (style: Record<string, unknown>): Shape => ({ type: "rect", shape, style, silent: true });
  if (estimated) return [face({ ...rim, fill: PAPER, lineDash: [2, 1.5] })];
  const [left, top] = place;
  const [right, bottom] = [left + width, top + height];
  const corners: Coordinates[] = [[left, top], [right, top], [right, bottom], [left, bottom]]; // prettier-ignore
  return [face({ fill: tint(look.color, 0.6) }), ...hatchLines(corners, look), face(rim)];
}

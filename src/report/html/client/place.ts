import { placeOn } from "../../figure/scale.js";
import type { Frame } from "./frame.js";

/** Position of a point on the chart; undefined if a logarithmic axis cannot show it. */
export function placeAt(
  { left, top, plotWidth, plotHeight, x, y }: Frame,
  at: { x: number; y: number },
): { left: number; top: number } | undefined {
  if ((x.log && at.x <= 0) || (y.log && at.y <= 0)) return undefined;
  return { left: left + placeOn(x, at.x) * plotWidth, top: top + (1 - placeOn(y, at.y)) * plotHeight };
}

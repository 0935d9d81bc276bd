import type { Figure, Point, Series } from "../../figure/figure.js";
import type { Frame } from "./frame.js";
import { placeAt } from "./place.js";

/**
 * The position of a point's bar in its place: bars of one stack lie on top of each other, others stand side
 * by side.
 */
export function barSpot(
  figure: Figure,
  series: Series,
  point: Point,
  frame: Frame,
): { middle: number; breadth: number } {
  const groupOf = ({ stack, name }: Series): string =>
    stack === undefined ? `series ${name}` : `stack ${stack}`;
  const groups = [...new Set(figure.series.filter(({ kind }) => kind === "bar").map(groupOf))];
  const places = Math.max(1, (frame.lying ? frame.y : frame.x).ticks.length);
  const whole = (frame.lying ? frame.plotHeight : frame.plotWidth) / places;
  const each = Math.min(44, (whole * 0.74) / groups.length);
  const at = placeAt(
    frame,
    frame.lying ? { x: frame.x.max, y: point.y ?? 0 } : { x: point.x, y: frame.y.max },
  );
  const middle = frame.lying ? (at?.top ?? 0) : (at?.left ?? 0);
  const offset = (groups.indexOf(groupOf(series)) - (groups.length - 1) / 2) * each;
  return { middle: middle + offset, breadth: each - (groups.length > 1 ? 2 : 0) };
}

export function barMiddle(figure: Figure, series: Series, point: Point, frame: Frame): number {
  return barSpot(figure, series, point, frame).middle;
}

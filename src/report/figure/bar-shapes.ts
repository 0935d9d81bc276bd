import { ABSENT_MARK } from "../../base/table/table.js";
import { faceShapes } from "./bar-face.js";
import type { Figure, Point, Series } from "./figure.js";
import { textWidth } from "./font.js";
import type { Layout } from "./layout.js";
import { SIZE } from "./layout.js";
import type { Look } from "./palette.js";
import { INK, MUTED } from "./palette.js";
import { placeOn } from "./scale.js";
import type { Drawn, Coordinates, Shape } from "./shapes.js";
import { polygon, polyline, text } from "./shapes.js";
import { isLying, stackedBelow, valueOf } from "./values.js";
import { valueText } from "./value-text.js";

/** Share of the width of a place that its bars fill together. */
const FILLED = 0.74;
const WIDEST = 26;

/** Bars of one series. Bars of one stack lie on top of each other, other bars stand side by side. */
export function barShapes(figure: Figure, series: Series, layout: Layout, look: Look): Drawn {
  const lying = isLying(figure);
  const bars = figure.series.filter(({ kind }) => kind === "bar");
  const groups = [...new Set(bars.map(groupOf))];
  const axis = lying ? layout.y : layout.x;
  const breadth = (lying ? layout.plot.height : layout.plot.width) / Math.max(1, axis.ticks.length);
  const each = Math.min(WIDEST, (breadth * FILLED) / groups.length);
  const below = stackedBelow(figure, series);
  const offset = (groups.indexOf(groupOf(series)) - (groups.length - 1) / 2) * each;
  const shapes: Shape[] = [];
  const ink: Coordinates[] = [];
  for (const point of series.points) {
    const value = valueOf(figure, point);
    const index = lying ? (point.y ?? 0) : point.x;
    const place = placeOn(axis, index);
    const middle =
      (lying
        ? layout.plot.top + (1 - place) * layout.plot.height
        : layout.plot.left + place * layout.plot.width) + offset;
    const along = (at: number): number => alongValues(figure, layout, at);
    const from = along(below(point));
    if (value === undefined) {
      // Marks an absent value like in tables, at the place where a bar of value 0 would begin.
      const at: Coordinates = lying ? [from + 6, middle] : [middle, from - 5];
      shapes.push(text(at, ABSENT_MARK, { size: SIZE.text, color: MUTED, align: "center" }));
      continue;
    }
    const to = along(below(point) + value);
    const [start, length] = [Math.min(from, to), Math.abs(to - from)];
    const thickness = each - (groups.length > 1 ? 1 : 0);
    const corner: Coordinates = lying ? [start, middle - thickness / 2] : [middle - thickness / 2, start];
    shapes.push(
      ...(lying
        ? faceShapes(corner, length, thickness, look, series.estimated === true)
        : faceShapes(corner, thickness, length, look, series.estimated === true)),
      ...interval(figure, layout, point, below(point), middle),
      ...(point.censored === true ? beyond(lying, middle, to, look.color) : []),
    );
    const label = endLabel(figure, series, point, value, each);
    if (label !== undefined) {
      const reach = point.high === undefined ? to : along(below(point) + Math.max(value, point.high));
      const distance = point.censored === true ? 11 : 3;
      shapes.push(
        lying
          ? text([reach + distance, middle], label, { size: SIZE.text - 0.5, color: INK })
          : text([middle, reach - distance - 3], label, {
              size: SIZE.text - 0.5,
              color: INK,
              align: "center",
            }),
      );
    }
    ink.push(lying ? [to, middle] : [middle, to]);
  }
  return { shapes, ink };
}

function groupOf({ stack, name }: Series): string {
  return stack === undefined ? `series ${name}` : `stack ${stack}`;
}

function alongValues(figure: Figure, { plot, x, y }: Layout, value: number): number {
  return isLying(figure)
    ? plot.left + placeOn(x, value) * plot.width
    : plot.top + (1 - placeOn(y, value)) * plot.height;
}

/** The number at the end of a bar. At a vertical bar it appears only if it is not wider than the bar. */
function endLabel(
  figure: Figure,
  series: Series,
  point: Point,
  value: number,
  breadth: number,
): string | undefined {
  const axis = isLying(figure) ? figure.x : figure.y;
  const label = `${point.censored === true ? "> " : ""}${valueText(axis, total(figure, series, point, value))}`;
  if (!isLast(figure, series, point)) return undefined;
  const narrow = !isLying(figure) && textWidth(label, SIZE.text - 0.5) > breadth + 2;
  return narrow ? undefined : label;
}

/** Whether this is the top bar of its stack. */
function isLast(figure: Figure, series: Series, point: Point): boolean {
  if (series.stack === undefined) return true;
  const along = isLying(figure) ? "y" : "x";
  const after = figure.series.slice(figure.series.indexOf(series) + 1);
  return !after.some(
    ({ kind, stack, points }) =>
      kind === "bar" &&
      stack === series.stack &&
      points.some((other) => other[along] === point[along] && (valueOf(figure, other) ?? 0) !== 0),
  );
}

function total(figure: Figure, series: Series, point: Point, value: number): number {
  return stackedBelow(figure, series)(point) + value;
}

function interval(
  figure: Figure,
  layout: Layout,
  { low, high }: Point,
  base: number,
  middle: number,
): Shape[] {
  if (low === undefined || high === undefined || low === high) return [];
  const lying = isLying(figure);
  const [from, to] = [low, high].map((end) => alongValues(figure, layout, base + end)) as [number, number];
  if (Math.abs(to - from) < 1) return [];
  const at = (along: number, across: number): Coordinates =>
    lying ? [along, middle + across] : [middle + across, along];
  const stroke = { color: INK, width: 0.7 };
  return [
    polyline([at(from, 0), at(to, 0)], stroke),
    ...[from, to].map((end) => polyline([at(end, -2), at(end, 2)], stroke)),
  ];
}

/** An arrow from the end of a bar: the real value is larger. */
function beyond(lying: boolean, middle: number, end: number, color: string): Shape[] {
  const at = (along: number, across: number): Coordinates =>
    lying ? [end + along, middle + across] : [middle + across, end - along];
  return [
    polyline([at(0, 0), at(6, 0)], { color, width: 1 }),
    polygon([at(9, 0), at(5, 2.2), at(5, -2.2)], { fill: color }),
  ];
}

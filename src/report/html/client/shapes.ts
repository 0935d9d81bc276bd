import type { Figure, Point, Series } from "../../figure/figure.js";
import type { Look } from "../../figure/palette.js";
import type { Coordinates } from "../../figure/shapes.js";
import { stackedBelow } from "../../figure/values.js";
import { bars } from "./bars.js";
import type { Frame } from "./frame.js";
import type { Colors } from "./looks.js";
import type { Shape } from "./pieces.js";
import { arrow, line, whisker, word } from "./pieces.js";
import { placeAt } from "./place.js";

/** A group of shapes as a custom item of ECharts. */
export function drawn(children: readonly Shape[]): Shape {
  return { type: "group", silent: true, children };
}

/** Everything in a figure except axes, lines and markers. */
export function shapesOf(
  figure: Figure,
  frame: Frame,
  looks: ReadonlyMap<Series, Look>,
  colors: Colors,
): Shape[] {
  const look = (series: Series): Look => looks.get(series) as Look;
  return [
    ...grid(figure, frame, colors),
    ...figure.series.flatMap((series) => {
      if (series.kind === "bar") return bars(figure, series, frame, look(series), colors);
      if (series.kind === "area") return area(figure, series, frame, look(series));
      return intervals(series, frame, look(series), colors);
    }),
    ...marks(figure, frame, colors),
  ];
}

function grid({ x, y }: Figure, frame: Frame, { rule }: Colors): Shape[] {
  const { left, top, plotWidth, plotHeight } = frame;
  return [
    ...(x.categories === undefined ? frame.x.ticks : []).flatMap(({ at }) => {
      const place = placeAt(frame, { x: at, y: frame.y.min });
      return place === undefined ? [] : [line([[place.left, top], [place.left, top + plotHeight]], rule, 0.7)]; // prettier-ignore
    }),
    ...(y.categories === undefined ? frame.y.ticks : []).flatMap(({ at }) => {
      const place = placeAt(frame, { x: frame.x.min, y: at });
      return place === undefined ? [] : [line([[left, place.top], [left + plotWidth, place.top]], rule, 0.7)]; // prettier-ignore
    }),
  ];
}

/** Ranges as whiskers, and an arrow up from each bound. */
function intervals(series: Series, frame: Frame, { color }: Look, { paper }: Colors): Shape[] {
  return series.points.flatMap((point): Shape[] => {
    if (point.y === undefined) return [];
    const at = placeAt(frame, { x: point.x, y: point.y });
    if (at === undefined) return [];
    if (point.censored === true) {
      const shape = { cx: at.left, cy: at.top, r: 4 };
      const hollow = { type: "circle", shape, style: { fill: paper, stroke: color, lineWidth: 1.4 } };
      return [...arrow([at.left, at.top], [0, -1], color), ...(series.kind === "points" ? [] : [hollow])];
    }
    if (point.low === undefined || point.high === undefined) return [];
    const ends = [point.low, point.high].map((y) =>
      placeAt(frame, { x: point.x, y: Math.max(frame.y.min, Math.min(frame.y.max, y)) }),
    );
    return whisker(ends, color, false);
  });
}

function area(figure: Figure, series: Series, frame: Frame, { color }: Look): Shape[] {
  const below = stackedBelow(figure, series);
  const edge = (run: readonly Point[], height: (point: Point) => number): Coordinates[] =>
    run.flatMap((point): Coordinates[] => {
      const place = placeAt(frame, { x: point.x, y: Math.max(frame.y.min, height(point)) });
      return place === undefined ? [] : [[place.left, place.top]];
    });
  return runsOf(series.points).flatMap((run) => {
    const upper = edge(run, (point) => below(point) + (point.y ?? 0));
    const points = [...upper, ...edge(run, below).reverse()];
    return [
      { type: "polygon", shape: { points }, style: { fill: color, fillOpacity: 0.45 } },
      line(upper, color, 1.3),
    ];
  });
}

/** Parts of a line between absent values and bounds, which leave gaps. */
function runsOf(points: readonly Point[]): Point[][] {
  const runs: Point[][] = [[]];
  for (const point of points) {
    if (point.y !== undefined && point.censored !== true) runs.at(-1)?.push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function marks(figure: Figure, frame: Frame, { ink, paper }: Colors): Shape[] {
  const { left, top, plotWidth, plotHeight } = frame;
  // Labels of vertical lines are stacked at the bottom, where labels of horizontal lines do not stand.
  let foot = top + plotHeight - 10;
  return (figure.marks ?? []).flatMap(({ axis, at, label }): Shape[] => {
    const place = placeAt(frame, axis === "x" ? { x: at, y: frame.y.max } : { x: frame.x.max, y: at });
    if (place === undefined) return [];
    const text = (spot: Coordinates, align: string): Shape => {
      const shape = word(spot, label, ink, align);
      return { ...shape, style: { ...(shape.style as object), stroke: paper, lineWidth: 3 } };
    };
    if (axis === "x") {
      const beyond = place.left > left + plotWidth / 2;
      const spot: Coordinates = [place.left + (beyond ? -4 : 4), foot];
      foot -= 15;
      return [
        line([[place.left, top], [place.left, top + plotHeight]], ink, 1, [5, 3]), // prettier-ignore
        text(spot, beyond ? "right" : "left"),
      ];
    }
    return [
      line([[left, place.top], [left + plotWidth, place.top]], ink, 1, [5, 3]), // prettier-ignore
      text([left + 6, place.top - 8], "left"),
    ];
  });
}

import { barShapes } from "./bar-shapes.js";
import { faceShapes } from "./bar-face.js";
import type { Figure, Point, Series } from "./figure.js";
import { hatchLines } from "./hatch.js";
import type { Layout } from "./layout.js";
import { PAPER, tint } from "./palette.js";
import type { Look } from "./palette.js";
import { placeOn } from "./scale.js";
import type { Drawn, Coordinates, Shape, Stroke } from "./shapes.js";
import { marker, MARKER_RADIUS, polygon, polyline } from "./shapes.js";
import { stackedBelow } from "./values.js";

/** From this many points on, markers and whiskers would overlap, so a band shows the intervals. */
const MOST_MARKERS = 24;

export function onPlot({ plot, x, y }: Layout, at: { x: number; y: number }): Coordinates {
  return [plot.left + placeOn(x, at.x) * plot.width, plot.top + (1 - placeOn(y, at.y)) * plot.height];
}

export function seriesShapes(figure: Figure, series: Series, layout: Layout): Drawn {
  const look = layout.looks.get(series) as Look;
  if (series.kind === "bar") return barShapes(figure, series, layout, look);
  if (series.kind === "area") return areaShapes(figure, series, layout, look);
  const shown = series.points.filter((point) => isShown(layout, point));
  const bare = series.estimated === true || series.fitted === true;
  const stroke = strokeOf(series, look);
  const lines =
    series.kind === "points"
      ? []
      : runs(layout, series.points).map((run) => {
          const places = run.map(({ x, y }) => onPlot(layout, { x, y: y ?? 0 }));
          return series.kind === "step" ? stepped(places) : places;
        });
  const few = shown.length <= MOST_MARKERS && !bare;
  const marked = bare || series.kind === "points" ? [] : sparse(shown, MOST_MARKERS);
  const shapes = [
    ...(few ? [] : bands(layout, series, look)),
    ...lines.filter((line) => line.length > 1).map((line) => polyline(line, stroke)),
    ...(few ? shown.flatMap((point) => whisker(layout, point, look.color)) : []),
    ...shown.flatMap((point) => (point.censored === true ? arrow(layout, point, look.color) : [])),
    ...shown.flatMap((point) =>
      marked.includes(point) || point.censored === true || series.kind === "points"
        ? [markerOf(layout, point, look)]
        : [],
    ),
    // A single point has no line, so it needs a marker.
    ...lines.flatMap((line) => (line.length === 1 && !few ? [lone(line, look)] : [])),
  ];
  const ink = [...lines.flatMap((line) => sampled(line)), ...shown.flatMap((point) => inkOf(layout, point))];
  return { shapes, ink };
}

/** All points, or only some of many, so that markers still show which series it is. */
function sparse<P>(points: readonly P[], most: number): readonly P[] {
  if (points.length <= most) return points;
  const step = Math.ceil(points.length / 8);
  return points.filter((_, index) => index % step === Math.floor(step / 2));
}

function lone([place]: readonly Coordinates[], look: Look): Shape {
  return marker(look.marker, place as Coordinates, look.color, look.color, look.radius);
}

function strokeOf({ estimated, fitted }: Series, { color, dash, estimateDash }: Look): Stroke {
  if (estimated === true) return { color, width: 0.9, dash: estimateDash };
  return { color, width: fitted === true ? 0.8 : 1.1, dash: fitted === true ? [] : dash };
}

function isShown({ x, y }: Layout, point: Point): point is Point & { y: number } {
  return point.y !== undefined && !(y.log && point.y <= 0) && !(x.log && point.x <= 0);
}

/** Parts of a line without gaps. A bound is not a value, so no line leads to it. */
function runs(layout: Layout, points: readonly Point[]): Point[][] {
  const found: Point[][] = [[]];
  for (const point of points) {
    if (isShown(layout, point) && point.censored !== true) found.at(-1)?.push(point);
    else if (found.at(-1)?.length !== 0) found.push([]);
  }
  return found.filter((run) => run.length > 0);
}

/** Each value stays constant until the next one. */
function stepped(places: readonly Coordinates[]): Coordinates[] {
  return places.flatMap((place, index): Coordinates[] => {
    const next = places[index + 1];
    return next === undefined ? [place] : [place, [next[0], place[1]]];
  });
}

function markerOf(layout: Layout, point: Point & { y: number }, look: Look): Shape {
  const fill = point.censored === true ? PAPER : look.color;
  return marker(look.marker, onPlot(layout, point), look.color, fill, look.radius);
}

const CAP = 2;

/** The interval of a point, if it is wider than the marker. */
function whisker(layout: Layout, { x, low, high }: Point, color: string): Shape[] {
  if (low === undefined || high === undefined) return [];
  const ends = [low, high].map((y) => onPlot(layout, { x, y: clamped(layout, y) }));
  const [from, to] = ends as [Coordinates, Coordinates];
  if (Math.abs(from[1] - to[1]) < 2 * MARKER_RADIUS) return [];
  const stroke = { color, width: 0.7 };
  return [
    polyline([from, to], stroke),
    ...ends.map(([right, down]) => polyline([[right - CAP, down], [right + CAP, down]], stroke)), // prettier-ignore
  ];
}

function clamped({ y }: Layout, value: number): number {
  return Math.max(y.min, Math.min(y.max, value));
}

function bands(layout: Layout, { points }: Series, look: Look): Shape[] {
  const within = points.filter(
    (point): point is Required<Pick<Point, "low" | "high">> & Point =>
      point.low !== undefined && point.high !== undefined,
  );
  if (within.length < 2) return [];
  const upper = within.map(({ x, high }) => onPlot(layout, { x, y: clamped(layout, high) }));
  const lower = within.map(({ x, low }) => onPlot(layout, { x, y: clamped(layout, low) }));
  return [polygon([...upper, ...lower.reverse()], { fill: tint(look.color, 0.25) })];
}

/** Length of the arrow above a bound, pt. */
export const ARROW = 9;

/** An arrow up from the bound: the real value is larger. */
function arrow(layout: Layout, point: Point & { y: number }, color: string): Shape[] {
  const [right, down] = onPlot(layout, point);
  const tip = Math.max(layout.plot.top + 0.5, down - ARROW);
  return [
    polyline([[right, down], [right, tip + 2]], { color, width: 1 }), // prettier-ignore
    polygon([[right, tip], [right + 2.2, tip + 4], [right - 2.2, tip + 4]], { fill: color }), // prettier-ignore
  ];
}

function areaShapes(figure: Figure, series: Series, layout: Layout, look: Look): Drawn {
  const below = stackedBelow(figure, series);
  const drawn = runs(layout, series.points).map((run) => {
    const upper = run.map((point) => onPlot(layout, { x: point.x, y: (point.y ?? 0) + below(point) }));
    const lower = run.map((point) => onPlot(layout, { x: point.x, y: Math.max(layout.y.min, below(point)) }));
    return { upper, face: [...upper, ...lower.reverse()] };
  });
  return {
    shapes: drawn.flatMap(({ upper, face }) => [
      polygon(face, { fill: tint(look.color, 0.45) }),
      ...hatchLines(face, look),
      polyline(upper, { color: look.color, width: 0.8 }),
    ]),
    ink: drawn.flatMap(({ upper }) => sampled(upper)),
  };
}

/** Points along a line, 3 pt apart. */
export function sampled(line: readonly Coordinates[]): Coordinates[] {
  return line.flatMap((from, index): Coordinates[] => {
    const to = line[index + 1];
    if (to === undefined) return [from];
    const parts = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 3));
    return Array.from({ length: parts }, (_, part): Coordinates => [
      from[0] + ((to[0] - from[0]) * part) / parts,
      from[1] + ((to[1] - from[1]) * part) / parts,
    ]);
  });
}

function inkOf(layout: Layout, point: Point & { y: number }): Coordinates[] {
  const at = onPlot(layout, point);
  return point.censored === true ? sampled([at, [at[0], at[1] - ARROW]]) : [at];
}

/** The sample beside the name of a series. */
export function sampleShapes(
  series: Series,
  look: Look,
  [left, middle]: Coordinates,
  width: number,
): Shape[] {
  if (series.kind === "bar" || series.kind === "area") {
    const place: Coordinates = [left, middle - 3.2];
    return [...faceShapes(place, width, 6.4, look, series.estimated === true)];
  }
  const line = polyline([[left, middle], [left + width, middle]], strokeOf(series, look)); // prettier-ignore
  const bare = series.estimated === true || series.fitted === true;
  return [
    ...(series.kind === "points" ? [] : [line]),
    ...(bare ? [] : [marker(look.marker, [left + width / 2, middle], look.color, look.color, look.radius)]),
  ];
}

import { largestOf } from "../../base/stats/extremes.js";
import type { Axis, Figure, Point, Series } from "../figure/figure.js";
import { valueText } from "../figure/value-text.js";
import { isLying, valueOf } from "../figure/values.js";
import type { Cell, Table } from "../../base/table/table.js";

/** The data of a figure as a table: one row for each place, one column for each series. */
export function figureTable(figure: Figure): Table {
  const along = isLying(figure) ? "y" : "x";
  const [placeAxis, valueAxis] = along === "x" ? [figure.x, figure.y] : [figure.y, figure.x];
  const sampled = figure.series.filter((series) => straightLine(series) === undefined);
  const shown = sampled.length === 0 ? figure.series : sampled;
  const places = [...new Set(shown.flatMap(({ points }) => points.map((point) => point[along] ?? 0)))].sort(
    (a, b) => a - b,
  );
  return {
    caption: figure.title,
    columns: [
      {
        title: placeAxis.label === "" ? "name" : placeAxis.label,
        align: placeAxis.categories === undefined ? "right" : "left",
      },
      ...figure.series.map(({ name }) => ({
        title: name === "" ? valueAxis.label : name,
        align: "right" as const,
      })),
    ],
    rows: places.flatMap((place) => rowsAt(figure, place, along, placeAxis, valueAxis)),
    notes: [
      ...(figure.marks ?? []).map(
        ({ axis, at, label }) =>
          `Line across the figure: ${label} (${valueText(axis === "x" ? figure.x : figure.y, at)}).`,
      ),
      ...(figure.notes ?? []),
    ],
  };
}

/** If a series has several points at one place, each gets its own row. */
function rowsAt(figure: Figure, place: number, along: "x" | "y", placeAxis: Axis, valueAxis: Axis): Cell[][] {
  const columns = figure.series.map((series): Cell[] => {
    const line = straightLine(series);
    if (line !== undefined) {
      const value = line(place);
      return [value === undefined ? ABSENT : { value, shown: valueText(valueAxis, value) }];
    }
    return series.points
      .filter((point) => (point[along] ?? 0) === place)
      .map((point) => cellOf(figure, point, valueAxis));
  });
  const name: Cell =
    placeAxis.categories === undefined
      ? { value: place, shown: valueText(placeAxis, place) }
      : (placeAxis.categories[place] ?? "");
  return Array.from({ length: largestOf([1, ...columns.map(({ length }) => length)]) }, (_, index) => [
    name,
    ...columns.map((cells) => cells[index] ?? cells.at(-1) ?? ABSENT),
  ]);
}

const ABSENT: Cell = { absent: "this series has no value there" };

function cellOf(figure: Figure, point: Point, axis: Axis): Cell {
  const value = valueOf(figure, point);
  if (value === undefined) return ABSENT;
  const shown = valueText(axis, value);
  if (point.censored === true)
    return { censored: `> ${shown}`, reason: "a bound: the value is more", above: value };
  const { low, high } = point;
  if (low === undefined || high === undefined) return { value, shown };
  const range = [valueText(axis, low), valueText(axis, high)] as const;
  return range[0] === range[1] && range[0] === shown
    ? { value, low, high, shown }
    : { value, low, high, shown, range };
}

/**
 * The line of a formula has many points of its own, which would fill the table. If the line is straight, its
 * values at the places of the measurements are shown instead. Undefined for every other series.
 */
function straightLine({
  points,
  fitted,
  estimated,
}: Series): ((x: number) => number | undefined) | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if ((fitted ?? estimated) !== true || first?.y === undefined || last?.y === undefined) return undefined;
  if (last.x <= first.x) return undefined;
  const slope = (last.y - first.y) / (last.x - first.x);
  const start = first.y - slope * first.x;
  const on = ({ x, y }: Point): boolean =>
    y !== undefined && Math.abs(y - (start + slope * x)) <= 1e-9 * Math.abs(y) + 1e-9;
  if (!points.every(on)) return undefined;
  return (x) => (x < first.x || x > last.x ? undefined : start + slope * x);
}

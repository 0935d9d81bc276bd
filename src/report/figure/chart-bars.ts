import { ABSENT_MARK } from "../../base/table/table.js";
import type { Chart } from "./chart-type.js";
import { SIZE } from "./chart-type.js";
import { ARROW } from "./chart-signs.js";
import type { ChartRow } from "./chart-rows.js";
import { rowsOf } from "./chart-rows.js";
import type { Figure, Series } from "./figure.js";
import { textWidth } from "./text.js";
import type { Look } from "./palette.js";
import { INK, MUTED } from "./palette.js";
import { valueText } from "./value-text.js";
import { isLying, placeOf, stackedBelow, valueOf } from "./values.js";

/** Names of what stands side by side at one place: stacks, and series without one. */
export function groupsOf({ series }: Figure): string[] {
  return [...new Set(series.filter(({ kind }) => kind === "bar").map(groupOf))];
}

function groupOf({ stack, name }: Series): string {
  return stack ?? name;
}

interface Bar extends ChartRow {
  group: string;
  /** Where the number beside the bar begins: at its end, or beyond its interval. */
  reach: number;
}

/** Bars of one stack lie on top of each other, others stand side by side. An estimate is a dashed outline. */
export function barLayers(
  figure: Figure,
  { x, y, channel, length }: { x: Chart; y: Chart; channel: (key: keyof Look) => Chart; length: number },
): Chart[] {
  const lying = isLying(figure);
  const [along, upward] = lying ? (["y", "x"] as const) : (["x", "y"] as const);
  const groups = groupsOf(figure);
  const bars = figure.series.filter(({ kind }) => kind === "bar").flatMap((series) => barsOf(figure, series));
  const places = Math.max(1, figure[along].categories?.length ?? 1);
  const breadth = Math.min(26, (0.74 * length) / places / groups.length);
  const isNarrow = ({ label = "" }: Bar): boolean =>
    !lying && textWidth(label, SIZE.text - 0.5) > breadth - 2;
  const place = {
    [along]: { ...(lying ? y : x), field: "place" },
    ...(groups.length < 2
      ? {}
      : { [`${along}Offset`]: { field: "group", type: "nominal", sort: null, scale: { domain: groups } } }),
  };
  const value = (field: string): Chart => ({ ...(lying ? x : y), field, stack: null });
  const at = (field: string): Chart => ({ ...place, [upward]: value(field) });
  const layer = (filter: string, mark: Chart, encoding: Chart): Chart => ({ transform: [{ filter }], mark, encoding }); // prettier-ignore
  const beside = (distance: number): Chart =>
    lying ? { align: "left", dx: distance } : { dy: -distance - 2 };
  const faces = layer(
    "isValid(datum.value)",
    {
      type: "bar",
      strokeWidth: 0.8,
      [lying ? "height" : "width"]: groups.length < 2 ? breadth : { band: 0.92 },
    },
    {
      ...at("value"),
      [`${upward}2`]: { field: "base" },
      fill: channel("fill"),
      // As a property of the mark the library would drop it beside a fill.
      stroke: { value: INK },
      strokeDash: channel("dash"),
    },
  );
  const words = { type: "text", fontSize: SIZE.text - 0.5 };
  const written = (filter: string, style: Chart): Chart =>
    layer(`isValid(datum.label) && ${filter}`, { ...words, ...style }, { ...at("reach"), text: { field: "label" } }); // prettier-ignore
  const layers = [
    faces,
    ...(bars.some(({ low }) => low !== undefined)
      ? [
          layer("isValid(datum.low)", { type: "rule", strokeWidth: 0.7, color: INK }, { ...at("low"), [`${upward}2`]: { field: "high" } }), // prettier-ignore
          ...["low", "high"].map(
            (field) =>
            layer("isValid(datum.low)", { type: "tick", thickness: 0.7, size: 4, color: INK, orient: lying ? "vertical" : "horizontal" }, at(field)), // prettier-ignore
          ),
        ]
      : []),
    written("!datum.bound && isValid(datum.value)", beside(3)),
    written("!isValid(datum.value)", { ...beside(3), color: MUTED }),
    ...(bars.some(({ bound }) => bound)
      ? [
          layer("datum.bound", { type: "point", shape: ARROW, angle: lying ? 90 : 0, filled: false, strokeWidth: 1, size: 300, opacity: 1, color: INK }, at("value")), // prettier-ignore
          written("datum.bound", beside(11)),
        ]
      : []),
  ];
  const values = bars.map(({ label, ...bar }) =>
    label === undefined || isNarrow({ ...bar, label }) ? bar : { ...bar, label },
  );
  return [{ data: { values }, transform: [{ filter: "indexof(hidden, datum.series) < 0" }], layer: layers }];
}

function barsOf(figure: Figure, series: Series): Bar[] {
  const axis = isLying(figure) ? figure.x : figure.y;
  const below = stackedBelow(figure, series);
  return rowsOf(figure, series).map((row, index): Bar => {
    const { value, base = 0, high = value ?? 0, killed } = row;
    const point = series.points[index];
    const sum = point === undefined ? 0 : below(point) + (valueOf(figure, point) ?? 0);
    const shown = point !== undefined && isTop(figure, series, placeOf(figure, point));
    const label =
      value === undefined
        ? (killed ?? ABSENT_MARK)
        : shown
          ? `${row.bound === true ? "> " : ""}${valueText(axis, sum)}`
          : undefined;
    const rest = { ...row };
    delete rest.label;
    return {
      ...rest,
      group: groupOf(series),
      reach: Math.max(value ?? base, high),
      ...(label === undefined ? {} : { label }),
    };
  });
}

/** Whether no later bar lies on top of this one. */
function isTop(figure: Figure, series: Series, place: number): boolean {
  if (series.stack === undefined) return true;
  return !figure.series
    .slice(figure.series.indexOf(series) + 1)
    .some(
      ({ stack, points }) =>
        stack === series.stack &&
        points.some((point) => placeOf(figure, point) === place && (valueOf(figure, point) ?? 0) !== 0),
    );
}

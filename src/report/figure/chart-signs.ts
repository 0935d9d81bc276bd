import type { Chart } from "./chart-type.js";
import type { Figure } from "./figure.js";
import { INK } from "./palette.js";
import { scaled } from "./value-text.js";

/** An arrow that begins at its point. */
export const ARROW = "M0,0L0,-1M-0.25,-0.65L0,-1L0.25,-0.65";
const CROSS = "M-0.5,-0.5L0.5,0.5M-0.5,0.5L0.5,-0.5";

interface Encodings {
  x: Chart;
  y: Chart;
  color: Chart;
}

/** A bound has no marker: an arrow starts at it, and its label says that the value is more. */
export function boundLayers({ series, marks = [], y: axis }: Figure, { x, y, color }: Encodings): Chart[] {
  if (!series.some(({ kind, points }) => kind !== "bar" && points.some(({ censored }) => censored === true)))
    return [];
  const at = { x: { ...x, field: "place" }, y: { ...y, field: "value" } };
  const lines = marks.filter((mark) => mark.axis === "y").map((mark) => scaled(axis, mark.at));
  return [
    {
      transform: [{ filter: "datum.bound" }],
      mark: { type: "point", shape: ARROW, filled: false, strokeWidth: 1.1, size: 300, opacity: 1 },
      encoding: { ...at, color },
    },
    {
      // A bound at a line across the plot is not said twice.
      transform: [{ filter: `datum.bound && indexof(${JSON.stringify(lines)}, datum.value) < 0` }],
      mark: { type: "text", align: "right", dx: -4, dy: -9 },
      encoding: { ...at, text: { field: "label" } },
    },
  ];
}

/** A row that was killed has no value: a cross at the foot of the plot stands at its place, with how it ended. */
export function killedLayers({ series }: Figure, x: Chart, height: number): Chart[] {
  if (!series.some(({ kind, points }) => kind !== "bar" && points.some(({ killed }) => killed !== undefined)))
    return [];
  const transform = [
    { filter: "isValid(datum.killed) && !isValid(datum.value)" },
    { aggregate: [{ op: "min", field: "series", as: "series" }, { op: "min", field: "text", as: "text" }], groupby: ["place", "killed"] }, // prettier-ignore
  ];
  const at = { ...x, field: "place" };
  return [
    {
      transform,
      mark: {
        type: "point",
        shape: CROSS,
        filled: false,
        color: INK,
        strokeWidth: 1.2,
        size: 40,
        opacity: 1,
      },
      encoding: { x: at, y: { value: height - 5 } },
    },
    {
      transform,
      mark: { type: "text", baseline: "bottom", align: "right", dx: -5 },
      encoding: { x: at, y: { value: height - 2 }, text: { field: "killed" } },
    },
  ];
}

/** Lines across the plot with their labels: a capacity, a cap, a frontier. */
export function markLayers(figure: Figure, height: number, { x, y }: Pick<Encodings, "x" | "y">): Chart[] {
  return (figure.marks ?? []).flatMap(({ axis, at, label }): Chart[] => {
    const data = { values: [{ at: scaled(figure[axis], at), label }] };
    const place = axis === "x" ? { x: { ...x, field: "at" } } : { y: { ...y, field: "at" } };
    const [text, end] =
      axis === "x"
        ? [{ angle: 270, align: "left", baseline: "bottom", dy: -2 }, { y: { value: height - 3 } }]
        : [{ align: "left", baseline: "bottom", dy: -1.5 }, { x: { value: 2 } }];
    return [
      { data, mark: { type: "rule", strokeDash: [3, 2], strokeWidth: 0.8, color: INK }, encoding: place },
      { data, mark: { type: "text", ...text }, encoding: { ...place, ...end, text: { field: "label" } } },
    ];
  });
}

import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import type { Chart } from "./chart-type.js";
import { UPRIGHT } from "./chart-axes.js";
import type { Figure, Series } from "./figure.js";
import type { Look } from "./palette.js";
import { INK } from "./palette.js";
import { scaled, valueText } from "./value-text.js";

interface Ratio {
  measured: Series;
  estimate: Series;
  points: { x: number; ratio: number }[];
}

/**
 * Measured over estimated at the places of the measurements. Only for an axis of logarithms over several decades, on which
 * lines that differ by half lie on each other.
 */
export function ratiosOf({ series, y }: Figure): Ratio[] {
  if (y.scale !== "log") return [];
  const measured = series.filter(
    (each) => each.estimated !== true && each.fitted !== true && each.kind !== "bar",
  );
  return series
    .filter(({ estimated }) => estimated === true)
    .flatMap((estimate): Ratio[] => {
      const partners = measured.filter(({ group }) => group !== undefined && group === estimate.group);
      const own = partners.length > 0 ? partners : measured.length === 1 ? measured : [];
      return own.flatMap((each): Ratio[] => {
        const points = each.points.flatMap((point) => {
          const value = valueAt(estimate, point.x);
          return point.y === undefined || point.censored === true || value === undefined || value <= 0
            ? []
            : [{ x: point.x, ratio: point.y / value }];
        });
        return points.length === 0 ? [] : [{ measured: each, estimate, points }];
      });
    });
}

/** The value of a formula at a place, on the straight line between its own points. */
function valueAt({ points }: Series, x: number): number | undefined {
  const exact = points.find((point) => point.x === x);
  if (exact !== undefined) return exact.y;
  const after = points.findIndex((point) => point.x > x);
  const [from, to] = [points[after - 1], points[after]];
  if (from?.y === undefined || to?.y === undefined) return undefined;
  return from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x);
}

/** A panel below the plot, with 1 as the line of a formula that holds. */
export function ratioPanel(
  figure: Figure,
  ratios: readonly Ratio[],
  { x, looks, width, height }: { x: Chart; looks: ReadonlyMap<Series, Look>; width: number; height: number },
): Chart {
  const values = ratios.flatMap(({ measured, estimate, points }) =>
    points.map(({ x: at, ratio }) => ({
      series: estimate.name,
      place: scaled(figure.x, at),
      ratio,
      text: `${measured.name} over ${estimate.name} · ${figure.x.label} ${valueText(figure.x, at)}: ${ratio.toFixed(3)}`,
    })),
  );
  const all = values.map(({ ratio }) => ratio);
  const [low, high] = [Math.min(1, smallestOf(all)), Math.max(1, largestOf(all))];
  const room = Math.max(0.005, (high - low) * 0.15);
  const look = ({ estimate }: Ratio): Look | undefined => looks.get(estimate);
  const names = ratios.map(({ estimate }) => estimate.name);
  const color = { field: "series", type: "nominal", scale: { domain: names, range: ratios.map((each) => look(each)?.color) }, legend: null }; // prettier-ignore
  const shape = { field: "series", type: "nominal", scale: { domain: names, range: ratios.map(({ measured }) => looks.get(measured)?.shape) }, legend: null }; // prettier-ignore
  const y = {
    type: "quantitative",
    scale: { domain: [low - room, high + room], nice: false, zero: false },
    axis: { title: "measured over estimated", tickCount: 3, format: ",.4~f", ...UPRIGHT },
  };
  const at = { x: { ...x, field: "place" }, y: { ...y, field: "ratio" }, color };
  return {
    width,
    height,
    data: { values },
    transform: [{ filter: "indexof(hidden, datum.series) < 0" }],
    layer: [
      { data: { values: [{ one: 1 }] }, mark: { type: "rule", color: INK, strokeWidth: 0.6 }, encoding: { y: { ...y, field: "one" } } }, // prettier-ignore
      { mark: { type: "line", strokeWidth: 0.8 }, encoding: at },
      { mark: { type: "point", filled: true, size: 13, opacity: 1 }, encoding: { ...at, shape } },
    ],
  };
}

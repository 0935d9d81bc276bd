import type { Figure, Point, Series } from "../../figure/figure.js";
import type { Look } from "../../figure/palette.js";
import type { Coordinates } from "../../figure/shapes.js";
import { valueText } from "../../figure/value-text.js";
import { stackedBelow, valueOf } from "../../figure/values.js";
import { barSpot } from "./bar-place.js";
import type { Frame } from "./frame.js";
import { lengthOf } from "./frame.js";
import type { Colors } from "./looks.js";
import type { Shape } from "./pieces.js";
import { arrow, whisker, word } from "./pieces.js";
import { placeAt } from "./place.js";

export function bars(figure: Figure, series: Series, frame: Frame, look: Look, colors: Colors): Shape[] {
  const below = stackedBelow(figure, series);
  return series.points.flatMap((point): Shape[] => {
    const value = valueOf(figure, point);
    const spot = barSpot(figure, series, point, frame);
    const at = (along: number): { left: number; top: number } =>
      placeAt(frame, frame.lying ? { x: along, y: point.y ?? 0 } : { x: point.x, y: along }) ?? {
        left: frame.left,
        top: frame.top + frame.plotHeight,
      };
    const from = at(below(point));
    if (value === undefined)
      return [word(frame.lying ? [from.left + 8, spot.middle] : [spot.middle, from.top - 8], "—", colors.muted, "center")]; // prettier-ignore
    const to = at(below(point) + value);
    const half = spot.breadth / 2;
    const shape = frame.lying
      ? { x: Math.min(from.left, to.left), y: spot.middle - half, width: Math.abs(to.left - from.left), height: spot.breadth } // prettier-ignore
      : { x: spot.middle - half, y: Math.min(from.top, to.top), width: spot.breadth, height: Math.abs(to.top - from.top) }; // prettier-ignore
    const hollow = series.estimated === true;
    const face = hollow
      ? { fill: "none", stroke: look.color, lineWidth: 1.3, lineDash: [4, 3] }
      : { fill: look.color, fillOpacity: 0.55, stroke: look.color, lineWidth: 1.2 };
    const { low, high } = point;
    const ends =
      low === undefined || high === undefined
        ? []
        : [low, high].map((end) => {
            const place = at(below(point) + end);
            return frame.lying ? { ...place, top: spot.middle } : { ...place, left: spot.middle };
          });
    const tip: Coordinates = frame.lying ? [to.left, spot.middle] : [spot.middle, to.top];
    const reach = high === undefined || high < value ? to : at(below(point) + high);
    const gap = point.censored === true ? 22 : 5;
    const label =
      series.stack !== undefined
        ? []
        : frame.lying
          ? [word([reach.left + gap, spot.middle], endText(figure, point, value), colors.ink, "left")]
          : lengthOf(endText(figure, point, value)) > spot.breadth + 4
            ? []
            : [word([spot.middle, reach.top - gap], endText(figure, point, value), colors.ink, "center", "bottom")]; // prettier-ignore
    return [
      { type: "rect", shape, style: face },
      ...(point.censored === true ? arrow(tip, frame.lying ? [1, 0] : [0, -1], look.color) : []),
      ...whisker(ends, colors.ink, frame.lying),
      ...label,
    ];
  });
}

function endText(figure: Figure, point: Point, value: number): string {
  const text = valueText(figure.y.categories === undefined ? figure.y : figure.x, value);
  return point.censored === true ? `> ${text}` : text;
}

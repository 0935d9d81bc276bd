import type { Figure, Point, Series } from "../../figure/figure.js";
import { isLying, stackedBelow, valueOf } from "../../figure/values.js";
import { valueText } from "../../figure/value-text.js";
import { barMiddle } from "./bar-place.js";
import type { Frame } from "./frame.js";
import { placeAt } from "./place.js";

/** A point with its position on the chart, CSS pixels, and the text that is shown there. */
export interface Placed {
  left: number;
  top: number;
  text: string;
}

/** All points of the shown series that have a position, in reading order. */
export function placedPoints(figure: Figure, frame: Frame): Placed[] {
  return figure.series
    .flatMap((series) => {
      const below = stackedBelow(figure, series);
      return series.points.flatMap((point): Placed[] => {
        const value = valueOf(figure, point);
        if (value === undefined) return [];
        const stacked = value + below(point);
        const place = placeAt(
          frame,
          frame.lying ? { x: stacked, y: point.y ?? 0 } : { x: point.x, y: stacked },
        );
        if (place === undefined) return [];
        if (series.kind === "bar")
          place[frame.lying ? "top" : "left"] = barMiddle(figure, series, point, frame);
        return [{ ...place, text: readingText(figure, series, point) }];
      });
    })
    .sort((a, b) => (frame.lying ? a.top - b.top : a.left - b.left));
}

/** The text shown at a point: the series, the place, and the value with its range. */
function readingText(figure: Figure, series: Series, point: Point): string {
  const [placeAxis, valueAxis, place] = isLying(figure)
    ? [figure.y, figure.x, point.y ?? 0]
    : [figure.x, figure.y, point.x];
  const value = valueOf(figure, point) ?? 0;
  const level = placeAxis.categories?.[place] ?? valueText(placeAxis, place);
  // A word explains itself; a number needs the label of its axis.
  const name = /^[-\d]/.test(level) && placeAxis.label !== "" ? `${placeAxis.label} ${level}` : level;
  const range =
    point.low === undefined || point.high === undefined
      ? ""
      : ` (${valueText(valueAxis, point.low)} to ${valueText(valueAxis, point.high)})`;
  const bound = point.censored === true ? "more than " : "";
  const title = series.name === "" ? "" : `${series.name} · `;
  return `${title}${name}: ${bound}${valueText(valueAxis, value)}${range}`;
}

import type { Figure, Point, Series } from "../../figure/figure.js";
import { isLying, stackedBelow, valueOf } from "../../figure/values.js";
import { valueText } from "../../figure/value-text.js";
import { barMiddle } from "./bar-place.js";
import type { Frame } from "./frame.js";
import { placeAt } from "./place.js";

/** A point as it lies on the chart, CSS pixels, with what is read there. */
export interface Placed {
  left: number;
  top: number;
  text: string;
}

/** All points of the shown series that have a place, in reading order. */
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

/** What is read at a point: the series, the place, the value with its range. */
function readingText(figure: Figure, series: Series, point: Point): string {
  const [placeAxis, valueAxis, place] = isLying(figure)
    ? [figure.y, figure.x, point.y ?? 0]
    : [figure.x, figure.y, point.x];
  const value = valueOf(figure, point) ?? 0;
  const level = placeAxis.categories?.[place] ?? valueText(placeAxis, place);
  // A word says itself what it is.
  const name = /^[-\d]/.test(level) && placeAxis.label !== "" ? `${placeAxis.label} ${level}` : level;
  const range =
    point.low === undefined || point.high === undefined
      ? ""
      : ` (${valueText(valueAxis, point.low)} to ${valueText(valueAxis, point.high)})`;
  const bound = point.censored === true ? "more than " : "";
  const title = series.name === "" ? "" : `${series.name} · `;
  return `${title}${name}: ${bound}${valueText(valueAxis, value)}${range}`;
}

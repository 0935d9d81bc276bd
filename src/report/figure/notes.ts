import type { Figure } from "./figure.js";

/** The notes of a figure, plus explanations of the signs that it uses. */
export function figureNotes(figure: Figure): string[] {
  const points = figure.series.flatMap((series) => series.points);
  const signs: string[] = [];
  if (points.some(({ censored }) => censored === true))
    signs.push("An arrow starts at a bound: the value is more.");
  if (points.some(({ low, high }) => low !== undefined && high !== undefined && low < high))
    signs.push("Whiskers and bands are ranges.");
  const unplaced = points.filter(
    ({ x, y }) =>
      (figure.y.scale === "log" && y !== undefined && y <= 0) || (figure.x.scale === "log" && x <= 0),
  ).length;
  if (unplaced > 0)
    signs.push(
      `${unplaced} ${unplaced === 1 ? "value is" : "values are"} 0 or less, where an axis of logarithms has no place.`,
    );
  return [...(signs.length === 0 ? [] : [signs.join(" ")]), ...(figure.notes ?? [])];
}

import type { Axis, Figure } from "../figure/figure.js";
import { visible } from "../../base/table/visible.js";

/**
 * A figure whose texts have all characters visible; a chart would obey a character that changes the direction
 * of reading.
 */
export function visibleFigure(figure: Figure): Figure {
  const { title, x, y, series, marks, notes } = figure;
  return {
    ...figure,
    title: visible(title),
    x: visibleAxis(x),
    y: visibleAxis(y),
    series: series.map((each) => ({ ...each, name: visible(each.name) })),
    ...(marks === undefined ? {} : { marks: marks.map((mark) => ({ ...mark, label: visible(mark.label) })) }),
    ...(notes === undefined ? {} : { notes: notes.map(visible) }),
  };
}

function visibleAxis({ categories, ...axis }: Axis): Axis {
  const label = visible(axis.label);
  return categories === undefined
    ? { ...axis, label }
    : { ...axis, label, categories: categories.map(visible) };
}

import type { Result } from "../../record/schema.js";
import { breakdownFigure, estimateFigure } from "./breakdown.js";
import type { Figure } from "./figure.js";
import { figureName } from "./name.js";
import { specFigure } from "./of-spec.js";
import { lineFigure } from "./population.js";
import { circumstances } from "./row-values.js";
import { withUnits } from "./value-text.js";
import { seriesFigures } from "../series-figure.js";

/** The result without the series that the experiment shows in its own figures. */
function withoutShownSeries(result: Result): Result {
  const shown = new Set(
    (result.figures ?? []).flatMap(({ y }) =>
      y.map((value) => (typeof value === "string" ? value : value.from)),
    ),
  );
  const rows = result.rows.map(({ series, ...row }) => {
    const rest = (series ?? []).filter(({ reading }) => !shown.has(`series.${reading}`));
    return rest.length === 0 ? row : { ...row, series: rest };
  });
  return { ...result, rows };
}

/** A sentence for each figure that the experiment asks for but for which no row has data. */
export function figuresWithoutData(result: Result): string[] {
  return (result.figures ?? [])
    .filter((spec) => specFigure(result, spec) === undefined)
    .map(({ title, y }) => {
      const names = y.map((value) => (typeof value === "string" ? value : value.from)).join(", ");
      return `The figure "${title}" is left out: no row has a value of ${names}.`;
    });
}

/** The figures of a result, made from the result alone; all have different names. */
export function figuresOf(result: Result): Figure[] {
  const figures = [
    lineFigure(result),
    breakdownFigure(result),
    estimateFigure(result),
    ...(result.figures ?? []).map((spec) => specFigure(result, spec)),
    ...seriesFigures(withoutShownSeries(result)).map((figure) => ({
      ...figure,
      notes: [...(figure.notes ?? []), circumstances(result, result.rows)],
    })),
  ].filter((figure) => figure !== undefined);
  const taken = new Set<string>();
  return figures.map((figure) => {
    const name = figureName(figure);
    let own = name;
    for (let again = 2; taken.has(own); again++) own = `${name}-${again}`;
    taken.add(own);
    return withUnits({ ...figure, name: own });
  });
}

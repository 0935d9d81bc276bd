import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import type { Expression } from "./expression.js";

export interface Bounds {
  least: number;
  most: number;
}

const ANY: Bounds = { least: -Infinity, most: Infinity };

/**
 * Interval arithmetic over an expression. If a reading occurs twice, both count as independent, so the bounds may be
 * too wide, but never too narrow.
 */
export function boundsOf(expression: Expression, boundsOfReading: (name: string) => Bounds): Bounds {
  if (expression.kind === "constant") return { least: expression.value, most: expression.value };
  if (expression.kind === "reading") return boundsOfReading(expression.name);
  const left = boundsOf(expression.left, boundsOfReading);
  const right = boundsOf(expression.right, boundsOfReading);
  switch (expression.operator) {
    case "+":
      return { least: left.least + right.least, most: left.most + right.most };
    case "-":
      return { least: left.least - right.most, most: left.most - right.least };
    case "*":
      return hull(left, right, (a, b) => a * b);
    case "/":
      return right.least <= 0 && right.most >= 0 ? ANY : hull(left, right, (a, b) => a / b);
  }
}

function hull(left: Bounds, right: Bounds, combine: (a: number, b: number) => number): Bounds {
  const corners = [left.least, left.most].flatMap((a) => [right.least, right.most].map((b) => combine(a, b)));
  // NaN comes from 0 times infinity, and from infinity divided by infinity.
  return corners.some(Number.isNaN) ? ANY : { least: smallestOf(corners), most: largestOf(corners) };
}

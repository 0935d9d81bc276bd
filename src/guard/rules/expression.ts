import type { Unit } from "./unit.js";

/** One side of a comparison. Each part has its position in the text. */
export type Expression =
  | { kind: "constant"; value: number; unit: Unit; at: number; text: string }
  | { kind: "reading"; name: string; unit: Unit; at: number; text: string }
  | {
      kind: "operation";
      operator: "+" | "-" | "*" | "/";
      left: Expression;
      right: Expression;
      unit: Unit;
      at: number;
      text: string;
    };

/** Computes an expression from the current numbers. NaN if a reading is absent. */
export type Evaluator = (values: Float64Array) => number;

/** Every reading in an expression; repetitions are kept. */
export function readingsOf(expression: Expression): string[] {
  if (expression.kind === "constant") return [];
  if (expression.kind === "reading") return [expression.name];
  return [...readingsOf(expression.left), ...readingsOf(expression.right)];
}

/** @param place returns the index of a reading in the array of numbers */
export function compile(expression: Expression, place: (name: string) => number): Evaluator {
  if (expression.kind === "constant") {
    const { value } = expression;
    return () => value;
  }
  if (expression.kind === "reading") {
    const index = place(expression.name);
    // An index outside the array would be a defect. NaN makes the rule inert, and inert rules are reported.
    return (values) => values[index] ?? Number.NaN;
  }
  const left = compile(expression.left, place);
  const right = compile(expression.right, place);
  switch (expression.operator) {
    case "+":
      return (values) => left(values) + right(values);
    case "-":
      return (values) => left(values) - right(values);
    case "*":
      return (values) => left(values) * right(values);
    case "/":
      return (values) => left(values) / right(values);
  }
}

import type { FigureSpec, FigureValue, MarkSpec } from "./figure-spec.js";
import { FIGURE_KINDS } from "./figure-spec.js";
import { nearestOf, unknownKey, valueNameProblem } from "./keys-problem.js";

const KEYS: readonly string[] = [
  "title",
  "finding",
  "name",
  "x",
  "y",
  "kind",
  "log",
  "xLabel",
  "yLabel",
  "part",
  "where",
  "largest",
  "marks",
  "wide",
  "panels",
] satisfies (keyof FigureSpec)[];
const VALUE_KEYS: readonly string[] = [
  "from",
  "name",
  "estimated",
  "group",
  "stack",
] satisfies (keyof Exclude<FigureValue, string>)[];
const MARK_KEYS: readonly string[] = ["axis", "at", "label", "part", "where"] satisfies (keyof MarkSpec)[];
const KINDS: readonly string[] = FIGURE_KINDS;

type FactorsOf = (part: string | undefined) => readonly string[];

/** The mistake in the "figures" of an experiment file; undefined if there is none. */
export function figuresProblem(
  figures: unknown,
  parts: readonly string[],
  /** The factors of a part; without it, names of factors are not checked. */
  factorsOf?: FactorsOf,
): string | undefined {
  if (figures === undefined) return undefined;
  if (!Array.isArray(figures)) return 'its "figures" must be a list';
  for (const [index, figure] of (figures as unknown[]).entries()) {
    const problem = figureProblem(figure, parts, factorsOf);
    if (problem !== undefined) return `of its "figures", number ${index + 1} ${problem}`;
  }
  return undefined;
}

function figureProblem(
  figure: unknown,
  parts: readonly string[],
  factorsOf: FactorsOf | undefined,
): string | undefined {
  if (!isObject(figure)) return "must be an object";
  const { title, finding, x, y, kind, log = [], part, where = {}, marks = [] } = figure;
  const unknown = unknownKey("", figure, KEYS)?.trimStart();
  if (unknown !== undefined) return unknown;
  if (typeof title !== "string" || title === "") return 'needs a "title"';
  if (finding !== undefined && typeof finding !== "function")
    return 'has a "finding" that is no function of the numbers';
  if (typeof x !== "string") return 'needs an "x", such as "factors.n"';
  if (!Array.isArray(y) || y.length === 0 || !y.every(isValue))
    return 'needs a "y": a list of names such as "readings.usedBytes", or of objects with "from"';
  if (kind !== undefined && !KINDS.includes(kind as string))
    return `has the kind ${JSON.stringify(kind)}; the kinds are ${KINDS.join(", ")}`;
  if (!Array.isArray(log) || !log.every((axis) => axis === "x" || axis === "y"))
    return 'has a "log" that is no list of "x" and "y"';
  if (log.includes("y") && (kind === "bar" || kind === "area"))
    return "has bars or areas, which grow from 0, on an axis of logarithms, which has no 0";
  if (!isObject(where)) return 'has a "where" that is no object of levels';
  if (!Array.isArray(marks)) return 'has "marks" that are no list';
  for (const mark of marks as unknown[]) {
    const problem = markProblem(mark, parts, factorsOf);
    if (problem !== undefined) return problem;
  }
  return (
    partProblem(part, parts) ??
    y
      .map((each) => unknownKey("has a value that", each, VALUE_KEYS))
      .find((problem) => problem !== undefined) ??
    namesProblem(figure as unknown as FigureSpec, factorsOf?.(part as string | undefined))
  );
}

/** The mistake in the names of factors and values. */
function namesProblem(
  { x, y, where = {}, largest }: FigureSpec,
  factors: readonly string[] | undefined,
): string | undefined {
  if (factors === undefined) return undefined;
  if (largest !== undefined && !factors.includes(largest))
    return `has the "largest" ${JSON.stringify(largest)}, which is no factor; ${nearestOf(largest, factors, "factors")}`;
  const shown = [
    ...(x === "series" ? [] : [x]),
    ...y.map((each) => (typeof each === "string" ? each : each.from)),
  ];
  const problem = shown.map((from) => valueNameProblem(from, factors)).find((found) => found !== undefined);
  return whereProblem(where, factors) ?? (problem === undefined ? undefined : `shows ${problem}`);
}

function whereProblem(
  where: Readonly<Record<string, unknown>>,
  factors: readonly string[] | undefined,
): string | undefined {
  if (factors === undefined) return undefined;
  const unknown = Object.keys(where).find((name) => !factors.includes(name));
  return unknown === undefined
    ? undefined
    : `has a "where" with the factor "${unknown}", which is none; ${nearestOf(unknown, factors, "factors")}`;
}

function markProblem(
  mark: unknown,
  parts: readonly string[],
  factorsOf: FactorsOf | undefined,
): string | undefined {
  if (!isObject(mark) || (mark.axis !== "x" && mark.axis !== "y"))
    return 'has a mark without an "axis" that is "x" or "y"';
  if (typeof mark.at !== "number" && typeof mark.at !== "string")
    return 'has a mark without "at": a number, "settings.NAME" or "readings.NAME"';
  if (typeof mark.label !== "string") return 'has a mark without a "label"';
  return (
    unknownKey("has a mark that", mark, MARK_KEYS) ??
    partProblem(mark.part, parts) ??
    (isObject(mark.where)
      ? whereProblem(mark.where, factorsOf?.(mark.part as string | undefined))
      : undefined)
  );
}

function partProblem(part: unknown, parts: readonly string[]): string | undefined {
  if (part === undefined || parts.includes(part as string)) return undefined;
  return `names the part ${JSON.stringify(part)}; the follow-ups are ${parts.join(", ") || "none"}`;
}

function isValue(value: unknown): value is string | { from: string } {
  return typeof value === "string" || (isObject(value) && typeof value.from === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

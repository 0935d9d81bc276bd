import { largestOf } from "../../base/stats/extremes.js";
import { ownValue } from "../../base/own-value.js";
import type { FigureSpec, FigureValue, MarkSpec } from "../../experiment/figure-spec.js";
import type { Result, ResultRow } from "../../record/schema.js";
import type { Axis, Figure, Mark, Point, Series } from "./figure.js";
import { circumstances, rowNumber, rowPoint, rowValue, unitOf } from "./row-values.js";
import { valueText, withUnits } from "./value-text.js";

/** The figure that an experiment asks for; undefined if no row has the values that it shows. */
export function specFigure(result: Result, spec: FigureSpec): Figure | undefined {
  const rows = rowsOf(result, spec);
  const steps = spec.x === "series";
  const levels = rows.map((row) => rowValue(row, spec.x));
  const words = levels.some((level) => typeof level === "string" || typeof level === "boolean");
  const kind = spec.kind ?? (words ? "bar" : "line");
  // Bars get one place each, even if `x` holds numbers.
  const names =
    words || kind === "bar" ? [...new Set(rows.map((row) => String(levelOf(row, spec.x))))] : undefined;
  const along = (row: ResultRow): number | undefined =>
    names === undefined ? rowNumber(row, spec.x) : names.indexOf(String(levelOf(row, spec.x)));
  const series = spec.y.flatMap((value) => seriesOf(result, spec, value, rows, kind, along));
  if (!series.some(({ points }) => points.some(({ y }) => y !== undefined))) return undefined;
  const first = spec.y[0];
  const from = typeof first === "string" ? first : (first?.from ?? "");
  const log = spec.log ?? [];
  const y: Axis = {
    label: spec.yLabel ?? labelOf(result, spec, from),
    unit: unitOf(from),
    ...columnUnit(result, spec, from),
    // Bars start at 0, which a logarithmic axis does not have.
    scale: log.includes("y") && kind !== "bar" && kind !== "area" ? "log" : "linear",
  };
  const x: Axis = {
    label: spec.xLabel ?? (steps ? (overOf(rows) ?? "step") : labelOf(result, spec, spec.x)),
    unit: steps ? "count" : levels.some(isBroken) ? "none" : unitOf(spec.x),
    scale: log.includes("x") && names === undefined ? "log" : "linear",
    ...(names === undefined ? {} : { categories: names.map((name) => shownLevel(rows, spec.x, name)) }),
  };
  const places = (spec.marks ?? []).flatMap((mark) => marksOf(result, mark, mark.axis === "x" ? x : y));
  const figure = withUnits({
    title: spec.title,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    x,
    y,
    series,
    ...(places.length === 0 ? {} : { marks: places }),
    notes: [circumstances(result, rows)],
    ...(spec.wide === true ? { wide: true } : {}),
    ...(spec.panels === true ? { panels: true } : {}),
  });
  const marks = figure.marks?.map((mark) => ({
    ...mark,
    label: mark.label.replaceAll("{value}", valueText(figure[mark.axis], mark.at, 4)),
  }));
  return { ...figure, ...(marks === undefined ? {} : { marks }) };
}

function isBroken(level: unknown): boolean {
  return typeof level === "number" && !Number.isInteger(level);
}

function levelOf(row: ResultRow, from: string): unknown {
  return rowNumber(row, from) ?? rowValue(row, from);
}

function shownLevel(rows: readonly ResultRow[], from: string, name: string): string {
  const level = rows.map((row) => levelOf(row, from)).find((each) => String(each) === name);
  return typeof level === "number" ? level.toLocaleString("en-US") : name;
}

function partRows(result: Result, part: string | undefined): ResultRow[] {
  return part === undefined ? result.rows : (result.followUps?.find(({ name }) => name === part)?.rows ?? []);
}

function rowsOf(result: Result, { part, where = {}, largest }: FigureSpec): ResultRow[] {
  const rows = partRows(result, part).filter((row) => fits(row, where));
  if (largest === undefined) return rows;
  const levels = rows
    .map(({ factors }) => ownValue(factors, largest))
    .filter((level) => typeof level === "number");
  return rows.filter(({ factors }) => factors[largest] === largestOf(levels));
}

function fits({ factors }: ResultRow, where: NonNullable<FigureSpec["where"]>): boolean {
  return Object.entries(where).every(([name, level]) => ownValue(factors, name) === level);
}

/** One series for each combination of the levels in which rows differ, except `x`. */
function seriesOf(
  result: Result,
  spec: FigureSpec,
  value: FigureValue,
  rows: readonly ResultRow[],
  kind: Series["kind"],
  along: (row: ResultRow) => number | undefined,
): Series[] {
  const { from, name, estimated, group, stack } = typeof value === "string" ? { from: value } : value;
  const title = name ?? labelOf(result, spec, from);
  const split = splitting(spec, rows);
  const combinations = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const key = split
      .map((factor) => levelName(result, spec, factor, ownValue(row.factors, factor)))
      .join(", ");
    combinations.set(key, [...(combinations.get(key) ?? []), row]);
  }
  return [...combinations].map(([key, own]): Series => {
    const points = own.flatMap((row): Point[] => {
      if (spec.x === "series") return stepsOf(row, from);
      const x = along(row);
      return x === undefined ? [] : [endedPoint(row, rowPoint(row, x, from))];
    });
    const full = key === "" ? title : spec.y.length === 1 ? key : `${title}, ${key}`;
    return {
      name: full,
      kind,
      ...(estimated === true ? { estimated } : {}),
      ...(group === undefined ? {} : { group: `${group} ${key}` }),
      ...(stack === undefined ? {} : { stack: `${stack} ${key}` }),
      points: points.sort((a, b) => a.x - b.x),
    };
  });
}

/** A row that did not end well and has no value is told at its place. */
function endedPoint({ outcome }: ResultRow, point: Point): Point {
  return outcome === "ok" || point.y !== undefined ? point : { ...point, killed: outcome };
}

/** The factors that distinguish rows with the same `x`. */
function splitting({ x }: FigureSpec, rows: readonly ResultRow[]): string[] {
  const places = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const place = x === "series" ? "" : String(levelOf(row, x));
    places.set(place, [...(places.get(place) ?? []), row]);
  }
  const names = new Set(rows.flatMap(({ factors }) => Object.keys(factors)));
  return [...names].filter((name) =>
    [...places.values()].some((own) => new Set(own.map(({ factors }) => ownValue(factors, name))).size > 1),
  );
}

/** A word explains itself; a number, true or false needs the name of its factor. */
function levelName(result: Result, spec: FigureSpec, factor: string, level: unknown): string {
  if (typeof level === "string") return level;
  const title = labelOf(result, spec, `factors.${factor}`);
  if (typeof level === "boolean") return `${level ? "with" : "no"} ${title}`;
  return `${title} ${typeof level === "number" ? level.toLocaleString("en-US") : "—"}`;
}

/** The values that a program read at each of its steps. */
function stepsOf({ series = [] }: ResultRow, from: string): Point[] {
  const own = series.find(({ reading }) => `series.${reading}` === from);
  return (own?.points ?? []).map(([x, y]) => ({ x, y }));
}

function overOf(rows: readonly ResultRow[]): string | undefined {
  return rows.flatMap(({ series = [] }) => series).map(({ over }) => over)[0];
}

type Column = NonNullable<Result["table"]>["columns"][number];

function columnOf(result: Result, { part }: Pick<FigureSpec, "part">, from: string): Column | undefined {
  const tables = [
    ...(result.followUps ?? []).filter(({ name }) => name === part).map(({ table }) => table),
    ...(result.table === undefined ? [] : [result.table]),
  ];
  return tables.flatMap(({ columns }) => columns).find((each) => each.from === from);
}

/** The unit of the table, so that a reader finds its numbers in the figure. Whole bytes would make long labels. */
function columnUnit(result: Result, spec: FigureSpec, from: string): Pick<Axis, "byteUnit"> {
  const { unit = "B" } = columnOf(result, spec, from) ?? {};
  return unit === "B" ? {} : { byteUnit: unit };
}

/** The name that the experiment's tables use. */
function labelOf(result: Result, spec: Pick<FigureSpec, "part">, from: string): string {
  const column = columnOf(result, spec, from);
  if (column !== undefined) return column.title;
  const name = from.slice(from.indexOf(".") + 1).replace(/(Bytes|Ms|Share)$/, "");
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function marksOf(result: Result, { axis, at, label, part, where = {} }: MarkSpec, on: Axis): Mark[] {
  if (on.categories !== undefined) return [];
  const mark = (place: number | undefined, factors: ResultRow["factors"]): Mark[] =>
    place === undefined ? [] : [{ axis, at: place, label: filled(label, factors) }];
  if (typeof at === "number") return mark(at, {});
  if (at.startsWith("settings.")) {
    const setting = ownValue(result.settings, at.slice("settings.".length));
    return mark(typeof setting === "number" ? setting : undefined, {});
  }
  const rows = partRows(result, part).filter((row) => fits(row, where));
  return rows.flatMap((row) => mark(rowNumber(row, at), row.factors));
}

/** Puts in the levels; the value waits for the unit of its axis. */
function filled(label: string, factors: ResultRow["factors"]): string {
  return label.replace(/\{([\w-]+)\}/g, (whole, name: string) =>
    name !== "value" && Object.hasOwn(factors, name) ? String(factors[name]) : whole,
  );
}

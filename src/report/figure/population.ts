import { plural } from "../../base/format.js";
import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Result, ResultRow } from "../../record/schema.js";
import type { Figure, Point, Series } from "./figure.js";
import { circumstances, rowNumber, rowPoint, unitOf } from "./row-values.js";

/** Bytes over the number of units, with the fitted line and the estimates. */
export function lineFigure(result: Result): Figure | undefined {
  const { fit, rows, unit } = result;
  if (isAbsent(fit) || rows.length < 2) return undefined;
  const along = axisOf(result);
  if (along === undefined) return undefined;
  const measured = splitRows(rows, along.factor).map(([name, own]): Series => ({
    name: name === "" ? "measured" : name,
    kind: "points",
    group: name,
    points: own.flatMap((row) => {
      const x = rowNumber(row, along.x);
      return x === undefined ? [] : [rowPoint(row, x, along.y)];
    }),
  }));
  const shown = measured.flatMap(({ points }) => points);
  if (!shown.some(({ y }) => y !== undefined)) return undefined;
  const xs = shown.map(({ x }) => x);
  const scale = largestOf(xs) / smallestOf(xs) > 20 ? "log" : "linear";
  const places = ladder(smallestOf(xs), largestOf(xs), scale === "log");
  const line = (slope: number, fixed: number): Point[] => places.map((x) => ({ x, y: fixed + slope * x }));
  // A fit over several combinations has a line for each; the table shows them.
  const single = measured.length === 1;
  const lines: Series[] = single
    ? [
        {
          name: "fitted line",
          kind: "line",
          group: "",
          fitted: true,
          points: line(fit.perUnitBytes.value, fit.fixedBytes.value),
        },
        ...result.estimates.map(({ name, perUnitBytes }): Series => ({
          name: `estimate: ${name}`,
          kind: "line",
          estimated: true,
          points: line(perUnitBytes, 0),
        })),
      ]
    : [];
  return {
    title: single
      ? `One more ${unit} costs ${Math.round(fit.perUnitBytes.value).toLocaleString("en-US")} B`
      : `${result.title}: bytes over ${along.label}`,
    name: "bytes",
    x: { label: along.label, unit: "count", scale },
    y: { label: along.title, unit: unitOf(along.y), scale },
    series: [...measured, ...lines],
    notes: [
      ...(single
        ? [
            `Fitted: ${Math.round(fit.perUnitBytes.value).toLocaleString("en-US")} B a ${unit} and ${Math.round(fit.fixedBytes.value).toLocaleString("en-US")} B paid once; an estimate has no fixed cost.`,
          ]
        : []),
      circumstances(result, rows),
    ],
  };
}

interface Along {
  x: string;
  y: string;
  label: string;
  title: string;
  factor: string;
}

/** The factor that is the population, or the one that makes instances larger if their number is fixed. */
function axisOf({ rows, fit, unit }: Result): Along | undefined {
  const factors = Object.keys(rows[0]?.factors ?? {});
  const source = isAbsent(fit) ? undefined : fit.source;
  const differs = (from: "instances" | "unitsPerInstance"): boolean =>
    new Set(rows.map((row) => row[from])).size > 1;
  const found = (from: "instances" | "unitsPerInstance"): string | undefined => {
    // A constant multiple of the factor is accepted too: 20 exchanges are 40 messages.
    const ratios = (factor: string): Set<number> =>
      new Set(rows.map((row) => row[from] / Number(row.factors[factor])));
    return factors.find((factor) => ratios(factor).size === 1 && differs(from));
  };
  const y = source === undefined ? "heapAndExternal" : `readings.${source}`;
  const population = found("instances");
  if (population !== undefined)
    return {
      x: differs("unitsPerInstance") ? "units" : "instances",
      y,
      label: plural(unit),
      title: source === undefined ? "heap and external" : source.replace(/Bytes$/, ""),
      factor: population,
    };
  const size = found("unitsPerInstance");
  if (size === undefined || source !== undefined) return undefined;
  return {
    x: "unitsPerInstance",
    y: "perInstanceBytes",
    label: `${plural(unit)} in one instance`,
    title: "one instance",
    factor: size,
  };
}

function splitRows(rows: readonly ResultRow[], factor: string): [string, ResultRow[]][] {
  const groups = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const key = Object.entries(row.factors)
      .filter(([name]) => name !== factor)
      .map(([name, level]) => `${name} ${String(level)}`)
      .join(", ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups];
}

/**
 * The x values through which a line is drawn. On logarithmic axes a line with a fixed cost is a curve and
 * needs many.
 */
function ladder(from: number, to: number, log: boolean): number[] {
  if (!log) return [from, to];
  const parts = 40;
  return Array.from({ length: parts + 1 }, (_, part) => from * (to / from) ** (part / parts));
}

import { largestOf } from "../base/stats/extremes.js";
import { binaryUnitOf } from "../base/size.js";
import type { Axis, Figure, Mark } from "./figure/figure.js";
import { valueText } from "./figure/value-text.js";
import type { Result, ResultRow } from "../record/schema.js";

/**
 * One figure for each reading that rows have over their steps, with one line for each row, named by its stage
 * or its levels.
 */
export function seriesFigures(result: Result): Figure[] {
  const rows = result.rows.filter(({ series }) => series !== undefined);
  const readings = [...new Set(rows.flatMap(({ series = [] }) => series.map(({ reading }) => reading)))];
  return readings.map((reading): Figure => {
    const lines = rows.flatMap((row) => {
      const found = row.series?.find((each) => each.reading === reading);
      return found === undefined ? [] : [{ row, ...found }];
    });
    const label = labelOf(reading);
    const y: Axis = { label, unit: unitOf(reading) };
    return {
      name: `${lines[0]?.over ?? "step"}s-${reading}`,
      title: mostTitle(y, lines),
      x: { label: lines[0]?.over ?? "step", unit: "count" },
      y,
      series: lines.map(({ row, points }) => ({
        name: rowLabel(row),
        kind: "line",
        points: points.map(([x, y]) => ({ x, y })),
      })),
      ...marksOf(result, reading, lines),
      notes: ["One run of each row: the course of its first trial."],
    };
  });
}

/** The most of each line, from the lowest to the highest. */
function mostTitle(
  axis: Axis,
  lines: readonly { row: ResultRow; points: readonly (readonly [number, number])[] }[],
): string {
  const most = lines.flatMap(({ row, points }) =>
    points.length === 0 ? [] : [{ name: rowLabel(row), value: largestOf(points.map(([, y]) => y)) }],
  );
  const sorted = most.sort((a, b) => a.value - b.value);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return axis.label;
  const byteUnit = axis.unit === "bytes" ? { byteUnit: binaryUnitOf(high.value) } : {};
  const told = ({ name, value }: typeof low): string =>
    `${valueText({ ...axis, ...byteUnit }, value)} (${name})`;
  const label = `${axis.label.charAt(0).toUpperCase()}${axis.label.slice(1)}`;
  return `${label}, highest value: ${low === high ? told(low) : `${told(low)} to ${told(high)}`}`;
}

function rowLabel({ factors, outcome }: ResultRow): string {
  const { stage, change } = factors;
  const name =
    stage === undefined
      ? Object.values(factors).map(String).join(", ")
      : change === "all"
        ? String(stage)
        : `${String(stage)}, ${String(change)} alone`;
  return outcome === "ok" ? name : `${name} (${outcome})`;
}

/** Marks the cap of the pool if a line comes near it. A cap far above all lines would press them flat. */
function marksOf(
  { settings }: Result,
  reading: string,
  lines: readonly { points: readonly (readonly [number, number])[] }[],
): { marks?: Mark[] } {
  const cap = settings.deviceCapBytes;
  if (typeof cap !== "number" || unitOf(reading) !== "bytes") return {};
  const most = largestOf(lines.flatMap(({ points }) => points.map(([, y]) => y)));
  return most < cap / 2 ? {} : { marks: [{ axis: "y", at: cap, label: "cap" }] };
}

function unitOf(reading: string): Axis["unit"] {
  if (reading.endsWith("Bytes")) return "bytes";
  return reading.endsWith("Ms") ? "ms" : "count";
}

function labelOf(reading: string): string {
  const words = reading.replace(/Bytes$/, "").replace(/Ms$/, "Time");
  return words.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

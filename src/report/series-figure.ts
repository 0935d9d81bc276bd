import { largestOf } from "../base/stats/extremes.js";
import type { Axis, Figure, Mark } from "./figure/figure.js";
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
    const unit = unitOf(reading);
    const label = labelOf(reading);
    return {
      name: `${lines[0]?.over ?? "step"}s-${reading}`,
      title: `${result.title}: ${label} over ${lines[0]?.over ?? "step"}s`,
      x: { label: lines[0]?.over ?? "step", unit: "count" },
      y: { label, unit },
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

import { largestOf, smallestOf } from "../base/stats/extremes.js";
import { PAGE_BYTES } from "./detectable.js";
import { readingTitle } from "./main-table.js";
import { intervalCell, shareCell } from "../base/table/number-cell.js";
import type { Result, ResultLine } from "../record/schema.js";
import type { Table } from "../base/table/table.js";

/**
 * Bytes per unit by each reading of a command's cells, for each combination of the factors except the
 * population.
 */
export function linesTable(result: Result): Table | undefined {
  const { lines = [], rows, unit } = result;
  if (lines.length < 2) return undefined;
  const factors = Object.keys(lines[0]?.others ?? {});
  const populations = rows.map(({ instances }) => instances);
  const span = Math.max(1, largestOf(populations) - smallestOf(populations));
  return {
    caption: `Bytes per ${unit}, by each reading`,
    columns: [
      ...factors.map((title) => ({ title, align: "left" as const })),
      { title: "reading", align: "left" },
      { title: `bytes per ${unit}`, align: "right" },
      { title: "share of the first", align: "right" },
      { title: "fixed", align: "right", unit: "MiB" },
      { title: "shape", align: "left" },
    ],
    rows: lines.map((line) => {
      const first = lines.find(({ others }) => sameLevels(others, line.others)) as ResultLine;
      return [
        ...factors.map((name) => String(line.others[name])),
        readingTitle(result.table, line.reading),
        intervalCell(line.perUnitBytes, PAGE_BYTES / span),
        first.perUnitBytes.value === 0
          ? { absent: "the first line is 0, and no share of nothing can be told" }
          : shareCell(line.perUnitBytes.value / first.perUnitBytes.value, 1),
        intervalCell(line.fixedBytes, PAGE_BYTES, "MiB"),
        line.shape,
      ];
    }),
    notes: [
      `Theil-Sen lines over the populations, one for each repetition: the median, with the range over ${lines[0]?.processes === 1 ? "the only one" : "them"}.`,
    ],
  };
}

function sameLevels(a: ResultLine["others"], b: ResultLine["others"]): boolean {
  return Object.entries(a).every(([name, level]) => b[name] === level);
}

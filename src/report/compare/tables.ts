import { isAbsent } from "../../system/probe/reading.js";
import { PAGE_BYTES } from "../detectable.js";
import { bytesIn } from "../../base/format.js";
import { bytesCell, intervalCell } from "../../base/table/number-cell.js";
import type { ResultRowReading } from "../../record/schema.js";
import type { Cell, Table } from "../../base/table/table.js";
import { signedBytes } from "./cause.js";
import type { Comparison } from "./compare.js";
import type { FigureName } from "./figures.js";
import { isExact } from "./figures.js";
import type { Parts } from "./parts.js";
import { rowName } from "./rows.js";
import type { Judgement } from "./verdict.js";

const TITLES: Record<FigureName, string> = {
  totalPerUnitBytes: "total per unit",
  perUnitBytes: "bytes per unit",
  fixedBytes: "fixed cost",
  nativePerUnitBytes: "native per unit",
  externalPerUnitBytes: "external per unit",
};

const COLUMNS: Table["columns"] = [
  { title: "figure", align: "left" },
  { title: "base", align: "right", unit: "B" },
  { title: "new", align: "right", unit: "B" },
  { title: "change", align: "right", unit: "B" },
  { title: "verdict", align: "left" },
];

/** The figures of the line, and the rows that changed or could not be judged. */
export function comparisonTables(comparison: Comparison): Table[] {
  const { figures, rows, experiment, unit } = comparison;
  const tables: Table[] = [];
  if (figures.length > 0)
    tables.push({
      caption: `${experiment}: the line`,
      columns: COLUMNS,
      rows: figures.map((figure) => [
        TITLES[figure.name].replace("unit", unit),
        ...judgedCells(figure, figure.name),
      ]),
      notes: [],
    });
  const shown = rows.flatMap((row) =>
    row.readings
      .filter(({ verdict }) => verdict !== "within noise")
      .map((reading) => [
        `${rowName(row.part, row.factors)}: ${reading.name}`,
        ...judgedCells(reading, reading.name),
      ]),
  );
  const quiet = rows.reduce(
    (sum, { readings }) => sum + readings.filter(({ verdict }) => verdict === "within noise").length,
    0,
  );
  if (shown.length > 0)
    tables.push({
      caption: `${experiment}: rows`,
      columns: COLUMNS,
      rows: shown,
      notes: quiet === 0 ? [] : [`${quiet} further readings are within noise.`],
    });
  if (comparison.cause !== undefined && !isAbsent(comparison.parts))
    tables.push(...partsTables(comparison.parts, unit));
  return tables;
}

function judgedCells(
  judged: Judgement & { base?: ResultRowReading; next?: ResultRowReading },
  name: string,
): Cell[] {
  const { base, next, differenceBytes, isLeast, verdict, reason } = judged;
  const change: Cell =
    differenceBytes === undefined
      ? { absent: reason ?? "there is no difference of two numbers" }
      : `${isLeast === true ? "at least " : ""}${signedBytes(differenceBytes)}`;
  return [readingCell(base, name), readingCell(next, name), change, verdict];
}

function readingCell(reading: ResultRowReading | undefined, name: string): Cell {
  if (reading === undefined) return { absent: "not in this result" };
  if (isAbsent(reading)) return { absent: reading.absent };
  if ("above" in reading)
    return { censored: `> ${bytesIn(reading.above, "B")}`, reason: reading.reason, above: reading.above };
  // The slope of malloc is known to a byte, but single readings of malloc change by whole pages.
  return intervalCell(reading, isExact(name) || name in TITLES ? 0.1 : PAGE_BYTES / 2);
}

/** Shows where the difference comes from; each table adds up to it. */
function partsTables(parts: Parts, unit: string): Table[] {
  const table = (caption: string, rows: Parts["classes"], what: string): Table => ({
    caption,
    columns: [
      { title: what, align: "left" },
      { title: "base", align: "right", unit: "B" },
      { title: "new", align: "right", unit: "B" },
      { title: "change", align: "right", unit: "B" },
    ],
    rows: [
      ...rows.map((part): Cell[] => [
        part.name,
        bytesCell(part.baseBytes, 0.1),
        bytesCell(part.newBytes, 0.1),
        signedBytes(part.differenceBytes),
      ]),
      ["line beyond the snapshots", "", "", signedBytes(parts.restBytes)],
      ["difference", "", "", signedBytes(parts.differenceBytes)],
    ],
    notes: [],
  });
  const waste = parts.waste.map(({ name, differenceBytes }) => `${name} ${signedBytes(differenceBytes)} B`);
  const byKind = table(`By the way V8 stores it, per ${unit}`, parts.kinds, "kind");
  return [
    table(`Where the difference lies, per ${unit}`, parts.classes, "class"),
    { ...byKind, notes: waste.length === 0 ? [] : [`What you could save: ${waste.join(", ")}.`] },
  ];
}

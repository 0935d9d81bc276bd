import { isAbsent } from "../system/probe/reading.js";
import { DERIVED_DOUBT_BYTES, detectableBytes, PAGE_BYTES } from "./detectable.js";
import { bytesIn, bytesWithUnit, counted, doubtOf, fixed, percent, plural } from "../base/format.js";
import { bytesCell, intervalCell, numberCell, shareCell } from "../base/table/number-cell.js";
import type { Result, ResultFit, ResultReading } from "../record/schema.js";
import { EXTERNAL, HEAP, KERNEL, NATIVE, SHARED, totalOf } from "../record/total.js";
import type { Cell, Table } from "../base/table/table.js";

export function headline(result: Result): string {
  const { fit, unit } = result;
  if (isAbsent(fit)) return `No bytes per ${unit}: ${fit.absent}.`;
  const { perUnitBytes, fixedBytes, processes, confidence } = fit;
  const total = totalOf(fit);
  const isTotal = !isAbsent(total);
  const shown = isTotal ? total : perUnitBytes;
  const doubt = doubtOf(shown, detectableBytes(result, "totalPerUnitBytes"));
  const [low, high] = [bytesIn(shown.low, "B", doubt), bytesIn(shown.high, "B", doubt)];
  const range =
    low !== high
      ? `${processes} runs gave ${low} to ${high} B; this range contains the median with a probability of ${percent(confidence, 1)}.`
      : processes === 1
        ? "It was measured in one run."
        : shown.low === shown.high
          ? `All ${processes} runs gave the same value.`
          : `All ${processes} runs gave this value, as far as its digits tell.`;
  const what = isTotal ? partsText(fit, doubt) : " of heap and external memory, native memory not measured";
  const costs = unit === "call" ? "leaves" : "costs";
  return (
    (isTotal ? "" : `Native memory was not measured: ${total.absent}.\n`) +
    `One ${unit} ${costs} ${bytesIn(shown.value, "B", doubt)} B${what}${onceText(result, fixedBytes)}. ${range}`
  );
}

/** What is paid once. A line that begins below zero has a doubt that says so, and nothing costs less than nothing. */
function onceText(result: Result, fixed: ResultFit["fixedBytes"]): string {
  if (fixed.value < 0) return "";
  return `, plus ${bytesWithUnit(fixed.value, doubtOf(fixed, detectableBytes(result, "fixedBytes")))} once`;
}

/** What the total consists of, after its number: one part is named, several are listed. */
function partsText({ parts = [] }: ResultFit, doubt: number): string {
  if (parts.length === 0) return " of heap and external memory";
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return ` of ${only.name}`;
  const told = parts.map(
    ({ name, bytes }) => `${bytesIn(bytes, "B", doubt)} B ${IN_A_SENTENCE[name] ?? name}`,
  );
  return `: ${told.slice(0, -1).join(", ")} and ${told.at(-1)}`;
}

/** The names of the parts after a number of bytes. */
const IN_A_SENTENCE: Record<string, string> = {
  [HEAP]: "in V8's heap",
  [EXTERNAL]: "of external memory that V8 is told of",
  [NATIVE]: "of native memory that V8 is not told of",
  [KERNEL]: "that only the kernel sees",
};

/** The ledger in one line: what the kernel counted for the first population, and what explains it. */
export function ledgerLine({ ledger }: Result): string {
  if (isAbsent(ledger)) return `Ledger: absent: ${ledger.absent}.`;
  const kib = (bytes: number): string => `${bytesIn(bytes, "KiB", 100)} KiB`;
  const lines = ledger.lines.flatMap(({ name, bytes }) =>
    typeof bytes === "number" && Math.abs(bytes) >= 1024 ? [`${kib(bytes)} ${name}`] : [],
  );
  return `Ledger of the first ${fixed(ledger.instances, 0)}: PSS changed by ${kib(ledger.pssChangeBytes)} = ${lines.join(" + ")} + ${kib(ledger.unexplainedBytes)} unexplained.`;
}

function isCounted({ fit }: Result): boolean {
  return !isAbsent(fit) && (fit.parts ?? []).some(({ name }) => name === SHARED);
}

export function fitTable(result: Result): Table {
  const { fit, crossCheck, unit } = result;
  const rows: Cell[][] = [];
  const add = (name: string, value: Cell, how: string): void => void rows.push([name, value, how]);
  if (isAbsent(fit)) add(`bytes per ${unit}`, { absent: fit.absent }, "");
  else {
    const total = totalOf(fit);
    if (fit.totalPerUnitBytes !== undefined)
      add(
        `total per ${unit}`,
        readingCellOf(total, detectableBytes(result, "totalPerUnitBytes")),
        "what one costs the process: heap, external, native beyond external, and what only the kernel sees",
      );
    add(
      `bytes per ${unit}`,
      intervalCell(fit.perUnitBytes, detectableBytes(result, "perUnitBytes")),
      `Theil-Sen line over heap and external${fit.readFrom === "cold" ? " of the first population in each process" : ""}; median and range over processes`,
    );
    add(
      "fixed cost, paid once",
      intervalCell(fit.fixedBytes, detectableBytes(result, "fixedBytes")),
      "the line at no instances: first-use cost of code, hidden classes and tables",
    );
    add(
      `native per ${unit}`,
      isAbsent(fit.nativePerUnitBytes)
        ? { absent: fit.nativePerUnitBytes.absent }
        : intervalCell(fit.nativePerUnitBytes, detectableBytes(result, "nativePerUnitBytes")),
      "the same line over malloc in use, declared external included",
    );
    add(
      `external per ${unit}`,
      isAbsent(fit.externalPerUnitBytes)
        ? { absent: fit.externalPerUnitBytes.absent }
        : intervalCell(fit.externalPerUnitBytes, detectableBytes(result, "externalPerUnitBytes")),
      "what is declared to V8; part of the first line",
    );
    if (fit.kernelPerUnitBytes !== undefined)
      add(
        `kernel per ${unit}`,
        readingCellOf(fit.kernelPerUnitBytes, PAGE_BYTES),
        "slope of the anonymous memory (PSS) that the kernel counts over a large population; whole pages",
      );
    if (fit.bookkeepingPerUnitBytes !== undefined && fit.bookkeepingPerUnitBytes >= 1)
      add(
        "V8's books of its pages",
        bytesCell(fit.bookkeepingPerUnitBytes, 1),
        "malloc that V8 takes for each page of its heap; in native, not in the total",
      );
    if (result.leak !== undefined && !isAbsent(result.leak)) {
      const { leak } = result;
      add(
        `left behind by each ${unit === "call" ? "call" : "dropped instance"}`,
        readingCellOf(leak.retainedPerInstanceBytes, result.minimumDetectableBytes),
        `growth of heap and external over ${fixed(leak.made, 0)}${leftText(leak)}`,
      );
    }
    add(
      "shape",
      fit.shape,
      `largest deviation from a straight line: ${percent(fit.largestDeviation)} of the rise`,
    );
  }
  const { units, shared } = result;
  if (units !== undefined && !isAbsent(units) && units.low < units.high)
    add(
      `mean over ${counted(units.count, unit)}`,
      intervalCell({ value: units.mean, low: units.low, high: units.high }, DERIVED_DOUBT_BYTES),
      `they differ in size: median ${bytesIn(units.median, "B", 1)}, 95th percentile ${bytesIn(units.p95, "B", 1)}, largest ${bytesIn(units.largest, "B", 1)}; the range holds 95 % of the means of resampled ${plural(unit)}`,
    );
  if (shared !== undefined)
    add(
      isCounted(result) ? "referred to, counted in parts" : "referred to and not counted",
      bytesCell(shared.bytes, 1),
      `what the ${plural(unit)} refer to that is held by something else too, mostly ${shared.what}; divided, ${bytesIn(shared.perUnitBytes, "B", 0.1)} B each`,
    );
  if (isAbsent(crossCheck))
    add("snapshot", { absent: crossCheck.absent }, "set-retained size from a heap snapshot");
  else {
    const at = Object.entries(crossCheck.factors)
      .map(([name, level]) => `${name} = ${level}`)
      .join(", ");
    add(
      `snapshot, per ${unit}`,
      bytesCell(crossCheck.snapshotPerUnitBytes, DERIVED_DOUBT_BYTES),
      `set-retained size of ${counted(crossCheck.instances, "instance")}${at === "" ? "" : ` at ${at}`}; the slope there says ${bytesIn(crossCheck.slopePerUnitBytes, "B", DERIVED_DOUBT_BYTES)}, ${percent(crossCheck.relativeDifference)} apart`,
    );
  }
  add(
    "minimum detectable",
    numberCell(result.minimumDetectableBytes, 3),
    "largest reading of a subject that costs nothing, over the span of the line",
  );
  return {
    caption: "Headline, in bytes",
    columns: [
      { title: "figure", align: "left" },
      { title: "bytes", align: "right" },
      { title: "how", align: "left" },
    ],
    rows,
    notes: [],
  };
}

function leftText(leak: Exclude<NonNullable<Result["leak"]>, { absent: string }>): string {
  const text = (reading: ResultReading): string =>
    isAbsent(reading)
      ? `absent (${reading.absent})`
      : `${bytesIn((reading as { value: number }).value, "B", 1)} B`;
  return `; malloc ${text(leak.nativePerInstanceBytes)}, kernel's pages ${text(leak.kernelPerInstanceBytes)}`;
}

function readingCellOf(reading: ResultReading, detectable: number): Cell {
  return isAbsent(reading) ? { absent: reading.absent } : intervalCell(reading, detectable);
}

/** The line of a command's cells over their populations. */
export function commandFitTable(result: Result): Table | undefined {
  const { fit, unit, rows } = result;
  if (isAbsent(fit)) return undefined;
  const source = SOURCES[fit.source ?? ""] ?? fit.source ?? "";
  const lines = fit.processes === 1 ? "one line" : `${fit.processes} lines, one for each repetition`;
  const left = rows.filter(({ outcome }) => outcome !== "ok").length;
  return {
    caption: `Bytes per ${unit}`,
    columns: [
      { title: "figure", align: "left" },
      { title: "bytes", align: "right" },
      { title: "how", align: "left" },
    ],
    rows: [
      [
        `bytes per ${unit}`,
        intervalCell(fit.perUnitBytes, detectableBytes(result, "perUnitBytes")),
        `Theil-Sen line over ${source}; ${lines}`,
      ],
      [
        "fixed",
        intervalCell(fit.fixedBytes, detectableBytes(result, "fixedBytes")),
        "the line at none: the program itself",
      ],
      [
        "shape",
        fit.shape,
        `largest deviation from a straight line: ${percent(fit.largestDeviation)} of the rise`,
      ],
    ],
    notes: [
      "The kernel counts pages of 4,096 bytes, and a program's allocator keeps some in reserve.",
      ...(left === 0
        ? []
        : [
            `${left} of ${counted(rows.length, "row")} ${left === 1 ? "has" : "have"} no memory reading to put on the line.`,
          ]),
    ],
  };
}

const SOURCES: Record<string, string> = {
  mainPssBytes: "the PSS of the first process at its last line of JSON",
  pssBytes: "the PSS of the process tree at its last line of JSON",
  peakBytes: "the peak of the process tree",
};

/** Estimate and measurement, and what the difference consists of. */
export function estimateTables(result: Result): Table[] {
  if (result.estimates.length === 0 || isAbsent(result.fit)) return [];
  const measured = result.fit.perUnitBytes.value;
  const overview: Table = {
    caption: `Estimate against measured, bytes per ${result.unit}`,
    columns: [
      { title: "estimate", align: "left" },
      { title: "estimated", align: "right" },
      { title: "measured", align: "right" },
      { title: "measured / estimated", align: "right" },
      { title: "residual", align: "right" },
    ],
    rows: result.estimates.map(({ formula, perUnitBytes, comparison }) => [
      formula,
      bytesCell(perUnitBytes, DERIVED_DOUBT_BYTES),
      bytesCell(measured, DERIVED_DOUBT_BYTES),
      numberCell(comparison.measuredOverEstimate, 3),
      bytesCell(comparison.residualBytes, DERIVED_DOUBT_BYTES),
    ]),
    notes: [],
  };
  const parts = result.estimates
    .filter(({ comparison }) => comparison.residual.length > 0)
    .map(({ name, comparison }): Table => ({
      caption: `What the residual of "${name}" consists of, bytes per ${result.unit}`,
      columns: [
        { title: "part", align: "left" },
        { title: "bytes", align: "right" },
      ],
      rows: [
        ...comparison.residual.map(({ name: part, bytes }) => [part, bytesCell(bytes, DERIVED_DOUBT_BYTES)]),
        ["residual", bytesCell(comparison.residualBytes, DERIVED_DOUBT_BYTES)],
      ],
      notes: [],
    }));
  return [overview, ...parts];
}

const CLASSES_SHOWN = 15;

/** Where the bytes go, by class and by V8 kind, and what could be saved. */
export function breakdownTables(result: Result): Table[] {
  return [classesTable(result), kindsTable(result), wasteTable(result)].filter(
    (table) => table !== undefined,
  );
}

/** Bytes of one unit by class, the largest first; absent without a snapshot. */
function classesTable(result: Result): Table | undefined {
  if (result.breakdown.length === 0) return undefined;
  const rest = result.breakdown.slice(CLASSES_SHOWN);
  const sum = (of: (each: Result["breakdown"][number]) => number): number =>
    rest.reduce((total, each) => total + of(each), 0);
  return {
    caption: "Where the bytes go, by class",
    columns: breakdownColumns("class", result.unit),
    rows: [
      ...result.breakdown
        .slice(0, CLASSES_SHOWN)
        .map(({ type, count, bytes }) => breakdownRow(result, type, count, bytes)),
      ...(rest.length === 0
        ? []
        : [
            breakdownRow(
              result,
              `${rest.length} more`,
              sum(({ count }) => count),
              sum(({ bytes }) => bytes),
            ),
          ]),
    ],
    notes: [],
  };
}

function kindsTable(result: Result): Table | undefined {
  if (result.breakdown.length === 0) return undefined;
  return {
    caption: "Where the bytes go, by the way V8 stores them",
    columns: breakdownColumns("kind", result.unit),
    rows: result.kinds.map(({ kind, count, bytes }) => breakdownRow(result, kind, count, bytes)),
    notes: [],
  };
}

/** Absent where nothing could be saved. */
function wasteTable(result: Result): Table | undefined {
  if (result.breakdown.length === 0 || result.waste.length === 0) return undefined;
  return {
    caption: "What you could save",
    columns: [
      { title: "waste", align: "left" },
      { title: `bytes per ${result.unit}`, align: "right" },
      { title: "how", align: "left" },
    ],
    rows: result.waste.map(({ name, bytes, note }) => [
      name,
      typeof bytes === "number" ? bytesCell(bytes, DERIVED_DOUBT_BYTES) : { absent: bytes.absent },
      note ?? "",
    ]),
    notes: [],
  };
}

function breakdownColumns(first: string, unit: string): Table["columns"] {
  return [
    { title: first, align: "left" },
    { title: `count per ${unit}`, align: "right" },
    { title: `bytes per ${unit}`, align: "right" },
    { title: "share", align: "right" },
  ];
}

function breakdownRow({ breakdown }: Result, name: string, count: number, bytes: number): Cell[] {
  const total = breakdown.reduce((sum, each) => sum + each.bytes, 0);
  return [name, numberCell(count, 2), bytesCell(bytes, DERIVED_DOUBT_BYTES), shareCell(bytes / total, 1)];
}

export function ledgerTable(result: Result): Table | undefined {
  const { ledger } = result;
  if (isAbsent(ledger)) return undefined;
  const kib = (bytes: number): Cell => bytesCell(bytes, 100, "KiB");
  return {
    caption: `Ledger of the first ${counted(ledger.instances, "instance")} in a fresh process`,
    columns: [
      { title: "line", align: "left" },
      { title: "memory", align: "right", unit: "KiB" },
      { title: "counter", align: "left" },
    ],
    rows: [
      ...ledger.lines.map(({ name, bytes, note }): Cell[] => [
        name,
        typeof bytes === "number" ? kib(bytes) : { absent: bytes.absent },
        note ?? "",
      ]),
      ["unexplained", kib(ledger.unexplainedBytes), "the change of PSS less all lines above"],
      ["change of PSS", kib(ledger.pssChangeBytes), "smaps_rollup"],
    ],
    notes: ["Before the warm-up, so start-up cost is in it; KiB are 1024 bytes."],
  };
}

export function calibrationTable({ calibration }: Result): Table {
  if (isAbsent(calibration))
    return { caption: "Calibration", columns: [], rows: [], notes: [`None: ${calibration.absent}.`] };
  return {
    caption:
      calibration.rememberedFrom === undefined
        ? "Calibration at the start of the run"
        : `Calibration by the same programs on this machine at ${calibration.rememberedFrom}; --recalibrate repeats it`,
    columns: [
      { title: "known object", align: "left" },
      { title: "true bytes", align: "right" },
      { title: "read", align: "right" },
    ],
    rows: calibration.checks.map(({ name, expectedBytes, measuredBytes }) => [
      name,
      numberCell(expectedBytes),
      numberCell(measuredBytes, Number.isInteger(measuredBytes) ? 0 : 2),
    ]),
    notes: [
      `Garbage was collected with ${calibration.gcCall}, which ran ${calibration.gcProof.join(" + ")}. ` +
        calibration.gcSurvey
          .map(({ call, proof }) => `\`${call}\` runs ${proof.join(" + ") || "nothing"}`)
          .join("; ") +
        " on this Node.",
    ],
  };
}

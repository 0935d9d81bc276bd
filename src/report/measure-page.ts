import type { Answer } from "../base/answer.js";
import { fixed, percent } from "../base/format.js";
import { terminalTable } from "../base/table/terminal.js";
import { isAbsent } from "../system/probe/reading.js";
import { mainTable } from "./main-table.js";
import type { Result } from "../record/schema.js";
import { totalOf } from "../record/total.js";
import {
  breakdownTables,
  calibrationTable,
  estimateTables,
  fitTable,
  headline,
  ledgerLine,
} from "./sections.js";

/** What `bytesper measure` prints for people: the answer, the warnings, where the bytes go, what to run next. */
export function measureAnswer(result: Result, subject: string): Answer {
  const tables = [
    fitTable(result),
    ...estimateTables(result),
    ...breakdownTables(result),
    mainTable(result),
    calibrationTable(result),
  ].map(terminalTable);
  const isSure = result.warnings.length === 0;
  const fits = result.unit === "call" ? "" : `How many fit: npx bytesper fits ${subject} --memory 2GiB`;
  return {
    sentences: [
      ...`${headline(result)}${isSure ? " No warnings." : ""}`.split("\n"),
      ...largestClasses(result),
      ...largestWaste(result),
    ],
    doubts: result.warnings,
    next: ["Tables: --verbose. Unrounded: --json.", ...(fits === "" ? [] : [fits])],
    details: [ledgerLine(result), ...tables].join("\n\n"),
  };
}

const MOST_CLASSES = 3;

/** Below this share of what a unit costs, the classes of V8's heap do not say where its bytes go. */
const HEAP_SHARE_WORTH_TELLING = 0.05;

/** Where most of the bytes go, in one sentence. */
function largestClasses({ breakdown, fit }: Result): string[] {
  const total = breakdown.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = isAbsent(fit) ? [] : (fit.parts ?? []);
  const all = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= 0 || total < HEAP_SHARE_WORTH_TELLING * all) return [];
  const largest = [...breakdown].sort((a, b) => b.bytes - a.bytes).slice(0, MOST_CLASSES);
  return [
    `Largest classes${parts.length > 1 ? " in V8's snapshot" : ""}: ${largest.map(({ type, bytes }) => `${type} ${percent(bytes / total, 0)}`).join(", ")}.`,
  ];
}

function largestWaste({ waste, unit }: Result): string[] {
  const rows = waste.flatMap(({ name, bytes }) =>
    typeof bytes === "number" && bytes > 0 ? [{ name, bytes }] : [],
  );
  const [most] = rows.sort((a, b) => b.bytes - a.bytes);
  return most === undefined ? [] : [`You could save ${fixed(most.bytes, 0)} B per ${unit}: ${most.name}.`];
}

/**
 * The bytes of one unit as a bare number: what it costs the process or, where native memory was not measured, what
 * it costs V8. A reason where there is no number.
 */
export function bareNumber({ fit }: Result): number | { absent: string } {
  if (isAbsent(fit)) return { absent: fit.absent };
  const total = totalOf(fit);
  return (isAbsent(total) ? fit.perUnitBytes : total).value;
}

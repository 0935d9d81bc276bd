import { terminalTable } from "../base/table/terminal.js";
import { isAbsent } from "../system/probe/reading.js";
import { mainTable } from "./main-table.js";
import type { Result } from "../record/schema.js";
import { totalOf } from "../record/total.js";
import {
  breakdownTables,
  calibrationTable,
  classesTable,
  estimateTables,
  fitTable,
  headline,
  ledgerLine,
  wasteTable,
} from "./sections.js";

export interface MeasurePageOptions {
  /** All tables, not only where the bytes go and what could be saved. */
  verbose: boolean;
  /** What was measured, as it was given on the command line. */
  subject: string;
}

/** What `bytesper measure` prints for people: the answer, the warnings, the tables, what to run next. */
export function measurePage(result: Result, { verbose, subject }: MeasurePageOptions): string {
  const doubts =
    result.warnings.length === 0
      ? "No warnings."
      : result.warnings.map(({ name, message }) => `! ${name}: ${message}`).join("\n");
  const tables = verbose
    ? [
        fitTable(result),
        ...estimateTables(result),
        ...breakdownTables(result),
        mainTable(result),
        calibrationTable(result),
      ]
    : [...estimateTables(result), classesTable(result), wasteTable(result)];
  const shown = tables.flatMap((table) => (table === undefined ? [] : [terminalTable(table)]));
  const more = verbose
    ? "Unrounded: --json."
    : "Every figure and how it was read: --verbose. Unrounded: --json.";
  const fits = result.unit === "call" ? "" : `\nHow many fit: npx bytesper fits ${subject} --memory 2GiB`;
  return `${[headline(result), ledgerLine(result), doubts, ...shown, `${more}${fits}`].join("\n\n")}\n`;
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

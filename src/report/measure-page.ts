import { mainTable } from "./main-table.js";
import type { Result } from "../record/schema.js";
import {
  breakdownTables,
  calibrationTable,
  estimateTables,
  fitTable,
  headline,
  ledgerLine,
} from "./sections.js";
import { terminalTable } from "../base/table/terminal.js";

/** What `bytesper measure` prints for people: the answer, the warnings, the tables. */
export function measurePage(result: Result): string {
  const doubts =
    result.warnings.length === 0
      ? "No warnings."
      : result.warnings.map(({ name, message }) => `! ${name}: ${message}`).join("\n");
  const tables = [
    fitTable(result),
    ...estimateTables(result),
    ...breakdownTables(result),
    mainTable(result),
    calibrationTable(result),
  ];
  return `${[headline(result), ledgerLine(result), doubts, ...tables.map(terminalTable)].join("\n\n")}\n`;
}

import type { Table } from "./table.js";
import { padded, widthsOf, withFootnotes } from "./table.js";

/** A table as plain aligned text. */
export function terminalTable(table: Table): string {
  const plain = withFootnotes(table);
  const widths = widthsOf(plain);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => padded(cell, widths[column] ?? 0, plain.columns[column]?.align ?? "left"))
      .join("  ")
      .trimEnd();
  return [
    ...(plain.caption === "" ? [] : [plain.caption]),
    line(plain.columns.map(({ title }) => title)),
    line(widths.map((width) => "-".repeat(width))),
    ...plain.rows.map(line),
    ...plain.notes,
  ].join("\n");
}

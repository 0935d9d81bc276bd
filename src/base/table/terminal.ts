import type { Table } from "./table.js";
import { padded, widthsOf, withFootnotes } from "./table.js";
import { visible } from "./visible.js";

export function terminalTable(table: Table): string {
  const plain = withFootnotes(table);
  const widths = widthsOf(plain, visible);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => padded(visible(cell), widths[column] ?? 0, plain.aligns[column] ?? "left"))
      .join("  ")
      .trimEnd();
  return [
    ...(plain.caption === "" ? [] : [visible(plain.caption)]),
    line(plain.headings),
    line(widths.map((width) => "-".repeat(width))),
    ...plain.rows.map(line),
    ...plain.notes.map(visible),
  ].join("\n");
}

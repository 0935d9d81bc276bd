import type { Table } from "./table.js";
import { headingOf, isNumber, notesOf, textOf } from "./table.js";

/**
 * A table for programs. Numbers are not rounded, bytes are in bytes, and beside each number is the text that a page
 * shows. An absent or censored value is an object with its reason. `origin` says where the numbers come from.
 */
export function jsonTable(table: Table, origin: Readonly<Record<string, string>> = {}): string {
  const { caption, columns, rows, conditions } = table;
  const document = {
    schema: "bytesper/table@1",
    ...origin,
    caption,
    ...(conditions === undefined ? {} : { conditions }),
    columns: columns.map(({ title, align, unit }) => ({
      heading: headingOf({ title, align, ...(unit === undefined ? {} : { unit }) }),
      align,
      ...(unit === undefined ? {} : { shownIn: unit }),
    })),
    rows: rows.map((cells) =>
      cells.map((cell) => {
        if (!isNumber(cell)) return cell;
        const { value, low, high, deviation, runs, note } = cell;
        return {
          value,
          ...(deviation === undefined ? {} : { deviation }),
          ...(runs === undefined ? {} : { runs }),
          ...(low === undefined ? {} : { low, high }),
          text: textOf(cell),
          ...(note === undefined ? {} : { note }),
        };
      }),
    ),
    notes: notesOf(table),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

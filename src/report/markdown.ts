import type { Table } from "./table.js";
import { padded, widthsOf, withFootnotes } from "./table.js";

/** A table in GitHub's Markdown, aligned in the source too. */
export function markdownTable(table: Table): string {
  const plain = withFootnotes(table);
  const widths = widthsOf(plain, escaped);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => padded(escaped(cell), widths[column] ?? 0, plain.columns[column]?.align ?? "left")).join(" | ")} |`;
  const rule = plain.columns.map(({ align }, column) => {
    const dashes = "-".repeat((widths[column] ?? 3) - (align === "right" ? 1 : 0));
    return align === "right" ? `${dashes}:` : dashes;
  });
  const parts = [
    line(plain.columns.map(({ title }) => title)),
    `| ${rule.join(" | ")} |`,
    ...plain.rows.map(line),
  ];
  const caption = plain.caption === "" ? [] : [`**${plain.caption}**`, ""];
  const notes = plain.notes.length === 0 ? [] : ["", ...plain.notes.map((note) => `${note}  `)];
  return [...caption, ...parts, ...notes].join("\n");
}

/**
 * Names of classes and files as they are: a backslash before a pipe would end the cell, `<` would begin HTML,
 * and `__proto__` would become bold. Within a word an underscore means nothing.
 */
function escaped(text: string): string {
  return text
    .replace(/[\\|<*`]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/\s*[\r\n]+\s*/g, " ");
}

import type { Table } from "./table.js";
import { padded, widthsOf, withFootnotes } from "./table.js";
import { visible } from "./visible.js";

/** A table in GitHub's Markdown. The source is aligned too. */
export function markdownTable(table: Table): string {
  const plain = withFootnotes(table);
  const widths = widthsOf(plain, markdownText);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => padded(markdownText(cell), widths[column] ?? 0, plain.aligns[column] ?? "left")).join(" | ")} |`;
  const rule = plain.aligns.map((align, column) => {
    const dashes = "-".repeat((widths[column] ?? 3) - (align === "right" ? 1 : 0));
    return align === "right" ? `${dashes}:` : dashes;
  });
  const parts = [line(plain.headings), `| ${rule.join(" | ")} |`, ...plain.rows.map(line)];
  const caption = plain.caption === "" ? [] : [`**${markdownSentence(plain.caption)}**`, ""];
  const notes =
    plain.notes.length === 0 ? [] : ["", ...plain.notes.map((note) => `${markdownSentence(note)}  `)];
  return [...caption, ...parts, ...notes].join("\n");
}

/**
 * Names of classes and files must show as they are. A pipe would end the cell, `<` would begin HTML, `__proto__`
 * would become bold, `[a](b)` a link and `&amp;` a character. Within a word, an underscore has no effect.
 */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/[\\|<*`]/g, "\\$&")
    .replace(/~(?=~)|(?<=~)~/g, "\\~")
    .replace(/\[(?=[^\]]*\]\()/g, "\\[")
    .replace(/&(?=#?\w+;)/g, "\\&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_");
}

/**
 * A sentence that may hold words of a user, a program or a log, within running text: it begins no HTML and no
 * link. Marks of emphasis and of code stay, because they do no harm and sentences of bytesper have them.
 */
export function markdownSentence(text: string): string {
  return visible(text)
    .replace(/<(?=[A-Za-z/!?])/g, "\\<")
    .replace(/\](?=[([:])/g, "]\\")
    .replace(/&(?=#?\w+;)/g, "\\&");
}

import { markdownTable, markdownText } from "../../base/table/markdown.js";
import { originOf } from "../origin.js";
import { visible } from "../../base/table/visible.js";
import type { PaperFormat } from "./format.js";
import { shortOrigin } from "./format.js";
import type { ValueText } from "./value-text.js";

export const markdownFormat: PaperFormat = {
  table: (table, result) => [comment(originOf(result)), ...markdownTable(table).split("\n").map(harmless)],
  value: (value, result) => `${valueOf(value)}${comment(shortOrigin(result, value))}`,
  figure: (path, options, result, name) => [
    comment(originOf(result)),
    `![${markdownText(options.get("caption") ?? `${result.title}: ${name}`).replace(/[[\]]/g, "\\$&")}](${link(path)})`,
  ],
  figureOptions: ["caption"],
  figureEndings: [".svg", ".png"],
};

function valueOf({ text, unit, range, above, isWords }: ValueText): string {
  if (isWords) return harmless(markdownText(text));
  const behind = unit === "" ? "" : ` ${unit}`;
  const ends = range === undefined ? "" : ` (${range[0]} to ${range[1]}${behind})`;
  return `${above ? "> " : ""}${text}${behind}${ends}`;
}

/** Makes a comment that no text inside it can end. */
function comment(text: string): string {
  return `<!-- ${visible(text).replace(/-{2,}/g, "-").replace(/>/g, "")} -->`;
}

/** Changes a text so that it does not look like a marker or its end. */
function harmless(text: string): string {
  return text.replace(/\\?<!--/g, "&lt;!--");
}

/** A path as the target of a link. */
function link(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");
}

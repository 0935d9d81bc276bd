import { latexComment, latexText } from "../../base/table/latex-text.js";
import { latexTable } from "../../base/table/latex.js";
import { originLines } from "../origin.js";
import { ABSENT_MARK } from "../../base/table/table.js";
import type { PaperFormat } from "./format.js";
import { shortOrigin } from "./format.js";
import { MarkerError } from "./problem.js";
import type { ValueText } from "./value-text.js";

const WIDTH = /^(?:\d*\.?\d*\\(?:linewidth|textwidth|columnwidth)|\d+(?:\.\d+)?(?:mm|cm|in|pt|em))$/;

export const latexFormat: PaperFormat = {
  table: (table, result, name) => latexTable(table, originLines(result, name)).split("\n"),
  value: (value, result) => `${latexValue(value)}${latexComment(shortOrigin(result, value))}`,
  figure: (path, options, result, name) => {
    const width = options.get("width") ?? "\\linewidth";
    if (!WIDTH.test(width))
      throw new MarkerError(`${width} is no width; take one such as 0.8\\linewidth or 85mm.`);
    // graphicx would not read these characters as part of a file name.
    const odd = /[%#{}\\~^&$]|[^ -~]/.exec(path);
    if (odd !== null)
      throw new MarkerError(
        `The path ${path} holds "${odd[0]}", which LaTeX does not take in a file's name.`,
      );
    return [...originLines(result, name).map(latexComment), `\\includegraphics[width=${width}]{${path}}`];
  },
  figureOptions: ["width"],
  figureEndings: [".pdf", ".png"],
};

/** A value for the text of a paper; a bare one is only digits, for \num. */
export function latexValue({ text, unit, range, bare, above, isWords }: ValueText): string {
  if (bare) return text;
  if (isWords || text === ABSENT_MARK) return latexText(text);
  const behind = unit === "" ? "" : `~${unit === "%" ? "\\%" : unit}`;
  const ends = range === undefined ? "" : ` (${number(range[0])} to ${number(range[1])}${behind})`;
  return `${above ? "\\ensuremath{>}\\," : ""}${number(text)}${behind}${ends}`;
}

/** Thin spaces between thousands, as siunitx prints them, and a real minus sign. */
function number(text: string): string {
  return text.replaceAll(",", "\\,").replace(/^-/, "\\ensuremath{-}");
}

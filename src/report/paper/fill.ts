import { dirname } from "node:path";
import { figurePath } from "./figure-file.js";
import type { PaperFormat } from "./format.js";
import type { Marker } from "./marker.js";
import { MarkerError } from "./problem.js";
import type { Results } from "./results.js";
import { tableFor } from "./table-options.js";
import { meanBeside, valueAt } from "./value-path.js";
import type { ValueText } from "./value-text.js";
import { formOf, valueText } from "./value-text.js";
import type { Result } from "../../record/schema.js";
import { optionsOf, wordsOf } from "./words.js";

/** The text that belongs between the beginning and the end of a marker. */
export interface Filling {
  /** UTF-8, with the line ends of the source. */
  content: string;
  result: Result;
  /** What the author should know: too many decimal places, or no value. */
  notice?: string;
}

/** Throws `MarkerError`. `paper` is the path of the real file, not of a link to it. */
export function fillingOf(marker: Marker, results: Results, format: PaperFormat, paper: string): Filling {
  const [subject, ...words] = wordsOf(marker.words);
  if (subject === undefined)
    throw new MarkerError(
      `bytesper:${marker.kind} needs ${marker.kind === "value" ? "a value, such as NAME.fit.perUnitBytes" : "the name of an experiment"}.`,
    );
  if (marker.kind === "value") return valueFilling(marker, subject, words, results, format);
  const slash = subject.indexOf("/");
  const experiment = slash === -1 ? subject : subject.slice(0, slash);
  const name = slash === -1 ? undefined : subject.slice(slash + 1);
  const result = results.of(experiment);
  if (marker.kind === "table") {
    const found = tableFor(result, name, words);
    return { content: block(marker, format.table(found.table, result, found.name)), result };
  }
  if (name === undefined) throw new MarkerError(`bytesper:figure needs EXPERIMENT/NAME, not ${subject}.`);
  const options = optionsOf(words, format.figureOptions);
  const path = figurePath(results.folder, experiment, name, format.figureEndings, dirname(paper));
  return { content: block(marker, format.figure(path, options, result, name)), result };
}

function valueFilling(
  marker: Marker,
  path: string,
  words: readonly string[],
  results: Results,
  format: PaperFormat,
): Filling {
  const { value, result } = valueOf(path, words, results);
  const text = format.value(value, result);
  const { experiment, rest } = results.split(path);
  const mean = meanBeside(result, rest);
  const ofRuns =
    mean === undefined
      ? undefined
      : `the median of ${mean.runs} runs, where the table shows their mean; that is ${experiment}.${mean.path}`;
  const notice = value.notice ?? value.reason ?? ofRuns;
  return {
    content: marker.inline ? text : block(marker, [text]),
    result,
    ...(notice === undefined ? {} : { notice }),
  };
}

/** The value of a path in the form that the words after it ask for. Throws `MarkerError`. */
export function valueOf(
  path: string,
  words: readonly string[],
  results: Results,
): { value: ValueText; result: Result } {
  const { experiment, rest } = results.split(path);
  const result = results.of(experiment);
  return { value: valueText(result, valueAt(result, rest), formOf(words)), result };
}

/**
 * Content on its own lines between the two ends. In Markdown, other text may follow the first end on its
 * line.
 */
function block({ prefix, endPrefix, eol, isAfterLine }: Marker, lines: readonly string[]): string {
  const text = lines.map((line) => (line === "" ? prefix.trimEnd() : `${prefix}${line}`) + eol).join("");
  return isAfterLine ? `${text}${endPrefix}` : `${eol}${text}${endPrefix}`;
}

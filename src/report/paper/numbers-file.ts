import { latexComment } from "../../base/table/latex-text.js";
import { originOf } from "../origin.js";
import { latexValue } from "./latex-format.js";
import { valueOf } from "./fill.js";
import { MarkerError } from "./problem.js";
import type { Result } from "../../record/schema.js";
import type { Results } from "./results.js";
import { wordsOf } from "./words.js";

const HEADER = "% Numbers of a paper, made by bytesper paper; run it again rather than edit this file.";
const MACROS = [
  "\\providecommand{\\bytespermissing}[1]{\\PackageError{bytesper}{No number for '#1'}{Run bytesper paper on this paper.}}",
  // The macro is expandable, so that \num and captions accept it.
  "\\providecommand{\\bytesper}[1]{\\ifcsname bytesper@#1\\endcsname\\csname bytesper@#1\\endcsname\\else\\bytespermissing{#1}\\fi}",
];
const DEFINITION = /^\\expandafter\\def\\csname bytesper@(.*?)\\endcsname\{(.*)\}% (.*)$/;

/** The text for a use of the macro. */
export interface NumberText {
  text: string;
  origin: string;
  result: Result;
  notice?: string;
}

/** The name by which TeX looks up a use: it reads several spaces, or a line end, as one space. */
export function macroName(key: string): string {
  return key.replace(/\s+/g, " ");
}

/** Throws `MarkerError`. */
export function numberOf(key: string, results: Results): NumberText {
  const odd = /[\\{}#%~&$^]|[^\s!-~]/.exec(key);
  if (odd !== null)
    throw new MarkerError(
      `\\bytesper{${key}} holds "${odd[0]}", which TeX does not take in a name; write percent for %, or use % bytesper:begin value.`,
    );
  const [path, ...words] = wordsOf(key.trim());
  if (path === undefined) throw new MarkerError("\\bytesper{} needs a value, such as NAME.fit.perUnitBytes.");
  const { value, result } = valueOf(path, words, results);
  const notice = value.notice ?? value.reason;
  const reason = value.reason === undefined ? "" : `, ${value.reason}`;
  return {
    text: latexValue(value),
    origin: latexComment(`${originOf(result)}${reason}`).slice(2),
    result,
    ...(notice === undefined ? {} : { notice }),
  };
}

/** The file that a paper reads with \input{numbers}: one definition for each use, sorted by name. */
export function numbersFile(numbers: ReadonlyMap<string, NumberText>): string {
  const lines = [...numbers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, { text, origin }]) =>
        `\\expandafter\\def\\csname bytesper@${name}\\endcsname{${text}}% ${origin}`,
    );
  return [HEADER, ...MACROS, ...lines, ""].join("\n");
}

/** Whether bytesper wrote this file, so that it may be replaced. */
export function isNumbersFile(text: string): boolean {
  return text.startsWith(HEADER);
}

/** The definitions that a file has now, by name. */
export function definitionsOf(text: string): Map<string, { text: string; origin: string; line: number }> {
  return new Map(
    text.split(/\r?\n/).flatMap((line, index) => {
      const [, name, value, origin] = DEFINITION.exec(line) ?? [];
      if (name === undefined || value === undefined || origin === undefined) return [];
      return [[name, { text: value, origin, line: index + 1 }] as const];
    }),
  );
}

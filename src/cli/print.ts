import type { Answer, Doubt } from "../base/answer.js";
import { answerText } from "../base/answer.js";
import { hasColour, painted } from "../base/colour.js";
import { outputWidth } from "../base/output-width.js";
import { visible, visibleLines } from "../base/table/visible.js";
import { wrappedLines } from "../base/wrap.js";
import { BytesperError } from "../base/errors.js";

/** Prints a message on standard error, at its width; a doubt, which begins with "! ", in its colour. */
export function printMessage(text: string): void {
  const isDoubt = text.startsWith("! ");
  // A script gets the sentence as one line.
  const width = process.stderr.isTTY ? outputWidth(process.stderr) : Infinity;
  const lines = wrappedLines(visibleLines(text), width);
  process.stderr.write(`${isDoubt ? painted(lines, "doubt", hasColour(process.stderr)) : lines}\n`);
}

export interface AnswerFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Prints text for people on standard output, at its width. */
export function print(text: string): void {
  process.stdout.write(wrappedLines(text, outputWidth()));
}

/** Prints the document of `--json`, the number of `--quiet`, or the answer, which with `--verbose` follows its tables. */
export function printAnswer(
  flags: AnswerFlags,
  document: unknown,
  answer: () => Answer,
  number?: number | { absent: string },
): void {
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const told = answer();
  if (flags.quiet === true && number !== undefined) printNumber(number, told.doubts ?? []);
  else
    process.stdout.write(
      answerText(told, {
        width: outputWidth(),
        isColoured: hasColour(process.stdout),
        verbose: flags.verbose === true,
      }),
    );
}

/** The number alone. Its doubts go to standard error: no number stands without them. */
function printNumber(number: number | { absent: string }, doubts: readonly Doubt[]): void {
  for (const { name, message } of doubts) {
    printMessage(visible(name === undefined ? `! ${message}` : `! ${name}: ${message}`));
  }
  if (typeof number !== "number")
    throw new BytesperError("CELL_FAILED", `There is no number to print: ${number.absent}.`);
  // The last digits of a sum of quotients are rounding errors.
  process.stdout.write(`${Number(number.toPrecision(12))}\n`);
}

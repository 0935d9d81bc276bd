import { outputWidth } from "../base/output-width.js";
import { wrappedLines } from "../base/wrap.js";

/** Prints text for people on standard output, at its width. */
export function print(text: string): void {
  process.stdout.write(wrappedLines(text, outputWidth()));
}

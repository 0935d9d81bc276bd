import { withPlace } from "../../experiment/thrown.js";

const TRAILER = /^Node\.js v\d/;
const ERROR = /^(?:Uncaught )?(?:[\w$.]*(?:Error|Exception)\b[^:]*)(?:: |$)/;

/**
 * What a program said last. After an error that nobody caught, Node prints its version as the last line; then
 * it is the error with the first place of the user's code.
 */
export function lastWords(output: string): string | undefined {
  const lines = output
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
  const last = lines.at(-1)?.trim() ?? "";
  if (!TRAILER.test(last)) return last === "" ? undefined : last;
  const error = lines.findLastIndex((line) => ERROR.test(line));
  if (error < 0) return lines.findLast((line) => line !== "" && !TRAILER.test(line))?.trim();
  return withPlace(lines[error] ?? "", lines.slice(error).join("\n"));
}

/**
 * The mark of a note: a letter, as a figure beside a number would read as its exponent. After z comes aa.
 */
export function markOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return `\\textsuperscript{${letter.repeat(Math.floor(index / 26) + 1)}}`;
}

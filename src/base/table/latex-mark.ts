/**
 * The mark of a note. It is a letter, because a digit after a number would look like an exponent. After z comes aa.
 */
export function markOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return `\\textsuperscript{${letter.repeat(Math.floor(index / 26) + 1)}}`;
}

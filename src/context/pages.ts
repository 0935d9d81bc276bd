import { splitsPair } from "./tokenizer.js";

/** The last part of a page in which an end of line or a space is preferred to a cut through a word. */
const SEARCHED_SHARE = 0.2;

/**
 * Characters of the longest beginning of `text` that counts at most `most` tokens, at a line's or a word's end where
 * there is one near. At least one character, so that pages go on. Counts some 15 times, texts of about that length.
 */
export function fittingLength(text: string, most: number, count: (text: string) => number): number {
  let fits = 0;
  let over = text.length + 1;
  let guess = Math.min(text.length, Math.max(1, 4 * most));
  while (over - fits > 1) {
    if (count(text.slice(0, guess)) <= most) fits = guess;
    else over = guess;
    guess = over > text.length ? Math.min(text.length, 2 * guess) : (fits + over) >> 1;
  }
  if (fits === text.length) return fits;
  const least = splitsPair(text, 1) ? 2 : 1;
  if (fits < least) return least;
  const natural = naturalEnd(text, fits);
  // More tokens in fewer characters is rare, but a count is promised.
  if (count(text.slice(0, natural)) <= most) return natural;
  return splitsPair(text, fits) ? fits - 1 : fits;
}

function naturalEnd(text: string, fits: number): number {
  const from = Math.floor(fits * (1 - SEARCHED_SHARE));
  for (const mark of ["\n", " "]) {
    const at = text.lastIndexOf(mark, fits - 1);
    if (at >= from && at > 0) return at + 1;
  }
  return splitsPair(text, fits) ? fits - 1 : fits;
}

/** The text in pages of at most `most` tokens; together they are the text again. */
export function pagesOf(text: string, most: number, count: (text: string) => number): string[] {
  const pages: string[] = [];
  let rest = text;
  do {
    const length = fittingLength(rest, most, count);
    pages.push(rest.slice(0, length));
    rest = rest.slice(length);
  } while (rest !== "");
  return pages;
}

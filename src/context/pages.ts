import { splitsPair } from "./tokenizer.js";

/** In this last part of a page, a cut at a line end or a space is preferred to a cut in a word. */
const SEARCHED_SHARE = 0.2;

/**
 * Length in characters of the longest beginning of `text` with at most `most` tokens. Ends at a line or a
 * word if one ends near. At least one character, so that pages make progress. Counts about 15 times, each
 * time a text of about that length.
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
  // Fewer characters rarely have more tokens, but the limit must hold, so it is checked.
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

/** The text in pages of at most `most` tokens. Joined, they are the text. */
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

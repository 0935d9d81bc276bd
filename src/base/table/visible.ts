/**
 * Characters that act instead of showing: controls, marks that turn the direction of what follows, zero-width
 * ones and halves of a pair. A class may carry any of them in its name, and a terminal would obey. The joiners
 * of emoji and of scripts (U+200C, U+200D) belong to what shows.
 */
const ACTING = /\p{Cc}|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** A text on one line in which every character shows. */
export function visible(text: string): string {
  return text
    .replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ")
    .replace(/\t/g, " ")
    .replace(ACTING, "\ufffd");
}

/**
 * Characters that have an effect instead of a shape: controls, marks of text direction, zero-width characters and
 * unpaired surrogates. A class name may contain them, and a terminal would execute them. The joiners of emoji and of
 * some scripts (U+200C, U+200D) are kept.
 */
const ACTING = /\p{Cc}|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** A text whose lines stay, in which every other character shows. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** The text on one line, without such characters. */
export function visible(text: string): string {
  return text
    .replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ")
    .replace(/\t/g, " ")
    .replace(ACTING, "\ufffd");
}

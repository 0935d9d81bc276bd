import { BytesperError } from "../base/errors.js";
import { packageMissing } from "../base/optional-package.js";

/** Anything that counts the tokens of a text. */
export interface Tokenizer {
  readonly name?: string;
  /** A whole number, at least 0; the same for the same text. */
  count: (text: string) => number;
}

export const ENCODINGS = ["o200k_base", "cl100k_base"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** A tokenizer threw or returned an invalid count. Nothing was lost: the next turn asks it again. */
export class TokenizerFailed extends BytesperError {
  constructor(what: string, cause?: unknown) {
    super("BAD_INPUT", `The tokenizer ${what}; nothing was removed, and the next turn asks it again.`, {
      cause,
    });
  }
}

/**
 * Counts with `gpt-tokenizer`, which is loaded only when this is called: its tables take some 60 MiB. The counts are
 * exact for models with that encoding; for other models, give a tokenizer of your own. Throws `NO_PACKAGE` if it is
 * not installed.
 */
export async function openTokenizer(encoding: Encoding = "o200k_base"): Promise<Tokenizer> {
  const { countTokens } = await loadEncoding(encoding);
  // A text that looks like a special token is counted as text.
  const options = { disallowedSpecial: new Set<string>() };
  return {
    name: encoding,
    count: (text) => piecesOf(text).reduce((tokens, piece) => tokens + countTokens(piece, options), 0),
  };
}

/** Four characters a token. Use it only on machines without a tokenizer, and never for exact numbers. */
export const ROUGH_TOKENIZER: Tokenizer = {
  name: "characters / 4",
  count: (text) => Math.ceil(text.length / 4),
};

async function loadEncoding(
  encoding: Encoding,
): Promise<{ countTokens: (text: string, options: { disallowedSpecial: Set<string> }) => number }> {
  try {
    return encoding === "cl100k_base"
      ? await import("gpt-tokenizer/encoding/cl100k_base")
      : await import("gpt-tokenizer/encoding/o200k_base");
  } catch (error) {
    throw packageMissing("Exact token counts", ["gpt-tokenizer"], error);
  }
}

/**
 * The time of byte-pair encoding grows with the square of an unbroken run: 10 s for 100,000 equal letters. Longer
 * runs are counted in pieces, and each piece may add one token.
 */
const LONGEST_RUN = 1024;
const UNBROKEN = new RegExp(`\\S{${LONGEST_RUN + 1}}|\\s{${LONGEST_RUN + 1}}`);
/** Runs that the encodings do not split: letters, signs, white space. Digits are split into groups of three. */
const RUNS = new RegExp(
  ["[\\p{L}\\p{M}]", "[^\\s\\p{L}\\p{N}]", "\\s"].map((kind) => `${kind}{${LONGEST_RUN + 1},}`).join("|"),
  "gu",
);

function piecesOf(text: string): string[] {
  if (text.length <= LONGEST_RUN || !UNBROKEN.test(text)) return [text];
  const pieces: string[] = [];
  let start = 0;
  for (const { index, 0: run } of text.matchAll(RUNS)) {
    for (let cut = index + LONGEST_RUN; cut < index + run.length; cut += LONGEST_RUN) {
      const end = splitsPair(text, cut) ? cut - 1 : cut;
      pieces.push(text.slice(start, end));
      start = end;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

/** Whether a cut before `index` would separate the two halves of a surrogate pair. */
export function splitsPair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}

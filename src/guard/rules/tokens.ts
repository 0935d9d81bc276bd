import { suggestion } from "../../base/nearest-name.js";
import { errorAt } from "./rule-error.js";
import type { Unit } from "./unit.js";
import { WRITTEN_UNITS } from "./unit.js";

export type Token =
  | { kind: "number"; at: number; text: string; value: number; unit: Unit }
  | { kind: "name"; at: number; text: string }
  | { kind: "operator"; at: number; text: string }
  | { kind: "end"; at: number; text: "" };

const BLANK = /\s+/y;
const NUMBER = /\d+(?:_\d+)*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])|\d+(?:_\d+)*(?:\.\d+)?/y;
const UNIT = /\s*([A-Za-z]\w*|%)/y;
const NAME = /[A-Za-z_]\w*/y;
const OPERATOR = /<=|>=|==|!=|&&|\|\||[-+*/()<>=]/y;

/** In characters. No sensible rule is longer. */
const LONGEST_RULE = 1000;

/**
 * Splits a condition or an expression into words; the last token marks the end. Throws `BAD_INPUT` with the position.
 */
export function tokensOf(text: string): Token[] {
  if (text.length > LONGEST_RULE)
    throw errorAt(text, LONGEST_RULE, "", `it has ${text.length} characters; ${LONGEST_RULE} are the most`);
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const blank = take(BLANK);
    const number = blank === null ? take(NUMBER) : null;
    const word = take(NAME) ?? take(OPERATOR);
    if (blank !== null) at += blank[0].length;
    else if (number !== null) {
      const start = at;
      at += number[0].length;
      const written = take(UNIT);
      if (written !== null) at += written[0].length;
      tokens.push(numberToken(text, start, number[0], written?.[1], at));
    } else if (word !== null) {
      const kind = /\w/.test(word[0]) ? "name" : "operator";
      tokens.push({ kind, at, text: word[0] });
      at += word[0].length;
    } else {
      const letter = String.fromCodePoint(text.codePointAt(at) ?? 0);
      const hint = letter === "," ? "; write 30_000 or 30000 for thirty thousand" : "";
      throw errorAt(text, at, letter, `expected a number, a reading, + - * / ( ) or a comparison${hint}`);
    }
  }
  tokens.push({ kind: "end", at, text: "" });
  return tokens;
}

function numberToken(
  rule: string,
  at: number,
  digits: string,
  written: string | undefined,
  end: number,
): Token {
  const value = Number(digits.replaceAll("_", ""));
  const text = rule.slice(at, end);
  if (!Number.isFinite(value)) throw errorAt(rule, at, text, "the number is too large");
  if (written === undefined) return { kind: "number", at, text, value, unit: "number" };
  const known = WRITTEN_UNITS.get(written);
  if (known !== undefined) return { kind: "number", at, text, value: value * known.factor, unit: known.unit };
  const hint = suggestion(written, WRITTEN_UNITS.keys());
  const units = [...WRITTEN_UNITS.keys()].join(", ");
  throw errorAt(rule, end - written.length, written, `expected a unit (${units}) after ${digits}${hint}`);
}

/**
 * Stands for a field that holds no number. A field that is empty, nan or infinite becomes NaN: the program had no
 * value.
 */
export const UNREADABLE_NUMBER = Number.NEGATIVE_INFINITY;

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const LETTER_E = 101;
/** A double cannot hold more decimal digits exactly. */
const MOST_DIGITS = 15;
const LONGEST_NUMBER = 400;
/** Below this, one more digit still fits into a 32-bit integer. */
const ROOM_FOR_A_DIGIT = 1e8;
const TENTHS = Float64Array.from({ length: 32 }, (_, power) => 10 ** power);

/**
 * Parses a whole number from 0 on, written as `17` or `17.0`. Returns -1 for anything else, and for more than 15
 * digits.
 */
export function wholeAt(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let at = from;
  for (; at < to; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === from || at - from > MOST_DIGITS) return -1;
  if (at === to) return value;
  if (bytes[at] !== POINT) return -1;
  for (at += 1; at < to; at += 1) if (bytes[at] !== ZERO) return -1;
  return value;
}

/**
 * Parses the decimal number at `from` and puts it into `values`. Returns the position of the first byte after the
 * number, or -1 if the number needs the slow path. It is exact to nine digits: scores need no more, and with nine the
 * sum stays a 32-bit integer. The number is not returned, because a function that returns a double allocates one.
 */
export function realFrom(bytes: Uint8Array, from: number, values: Float64Array, place: number): number {
  const sign = bytes[from];
  const first = sign === MINUS || sign === PLUS ? from + 1 : from;
  let value = 0;
  let at = first;
  let digit = (bytes[at] as number) - ZERO;
  while (digit >= 0 && digit <= 9) {
    if (value >= ROOM_FOR_A_DIGIT) return -1;
    value = value * 10 + digit;
    at += 1;
    digit = (bytes[at] as number) - ZERO;
  }
  let digits = at - first;
  /** Digits behind the point that `value` includes. */
  let places = 0;
  if (digit === POINT - ZERO) {
    const point = at;
    at += 1;
    digit = (bytes[at] as number) - ZERO;
    while (digit >= 0 && digit <= 9 && value < ROOM_FOR_A_DIGIT) {
      value = value * 10 + digit;
      at += 1;
      digit = (bytes[at] as number) - ZERO;
    }
    places = at - point - 1;
    // Digits after the ninth are checked, but not added.
    while (digit >= 0 && digit <= 9) {
      at += 1;
      digit = (bytes[at] as number) - ZERO;
    }
    digits += at - point - 1;
  }
  if (digits === 0) return -1;
  if (((digit + ZERO) | 32) === LETTER_E) {
    const mark = at + 1;
    const signed = bytes[mark] === MINUS || bytes[mark] === PLUS;
    at = signed ? mark + 1 : mark;
    let exponent = 0;
    const firstOfExponent = at;
    for (; (bytes[at] as number) >= ZERO && (bytes[at] as number) <= ZERO + 9; at += 1) {
      if (exponent > 9) return -1;
      exponent = exponent * 10 + (bytes[at] as number) - ZERO;
    }
    if (at === firstOfExponent) return -1;
    places += bytes[mark] === MINUS ? exponent : -exponent;
  }
  const scaled =
    places >= 0 && places < TENTHS.length ? value / (TENTHS[places] as number) : value * 10 ** -places;
  values[place] = sign === MINUS ? -scaled : scaled;
  return at;
}

/**
 * Parses a field and puts its number into `values`: NaN if it is empty or says that there is no value,
 * UNREADABLE_NUMBER if it holds no number. The byte behind the field must not be part of a number.
 */
export function readReal(
  bytes: Uint8Array,
  from: number,
  to: number,
  values: Float64Array,
  place: number,
): void {
  if (from === to) values[place] = Number.NaN;
  else if (realFrom(bytes, from, values, place) !== to) values[place] = rareNumber(bytes, from, to);
}

/** The slow path: more than nine digits before the point, or a word such as "nan". */
function rareNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > LONGEST_NUMBER) return UNREADABLE_NUMBER;
  const text = String.fromCharCode(...bytes.subarray(from, to));
  if (/^([+-]?(nan|inf|infinity)|none)$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return UNREADABLE_NUMBER;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Says that a field is no number; a field that is empty, nan or infinite is NaN: the program had no value. */
export const UNREADABLE_NUMBER = Number.NEGATIVE_INFINITY;

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const LETTER_E = 101;
/** More digits than a double tells apart. */
const MOST_DIGITS = 15;
const LONGEST_NUMBER = 400;
/** A nine-digit number and one digit more would leave 32 bits. */
const ROOM_FOR_A_DIGIT = 1e8;
const TENTHS = Float64Array.from({ length: 32 }, (_, power) => 10 ** power);

/** A whole number from 0 on, as `17` or `17.0`; -1 for anything else, and for more than 15 digits. */
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
 * Puts the decimal number that begins at `from` into `values` and answers where it ends: at the first byte that
 * belongs to no number, or -1 where none can be read so. Right to nine digits: scores need no more, and with nine the
 * sum stays a 32-bit integer. The number is put there and not returned because a function that returns a double
 * allocates one.
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
  /** Digits behind the point that are in `value`. */
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
    // After nine digits the rest must only be digits.
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
 * Puts the number of a field into `values`: NaN for one that is empty or says that there is none, UNREADABLE_NUMBER for
 * what is none. The byte behind the field must belong to no number.
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

/** With more than nine digits before the point, or one of the words for what is no finite number. */
function rareNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > LONGEST_NUMBER) return UNREADABLE_NUMBER;
  const text = String.fromCharCode(...bytes.subarray(from, to));
  if (/^([+-]?(nan|inf|infinity)|none)$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return UNREADABLE_NUMBER;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

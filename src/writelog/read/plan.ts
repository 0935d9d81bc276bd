import type { ColumnKind, Layout } from "../layouts.js";
import { COLUMN_KINDS } from "../layouts.js";
import { readReal, realFrom, wholeAt } from "./number.js";
import type { Row } from "./row.js";
import { MOST_FIELDS } from "./row.js";

/** By rounding, a cosine may exceed 1 by this much. */
const COSINE_SLACK = 1e-3;
/** By rounding, an entropy may be below 0 by this much. */
const ZERO_SLACK = 1e-6;

/** Result of `misfit` for a row that fits. */
export const FITS = -1;

/** A layout prepared for fast comparison with rows. */
export interface Plan {
  layout: Layout;
  /** For each column its index in KINDS. */
  kinds: Uint8Array;
  /** Position of each column that the analysis uses; NO_PLACE if the layout has none. */
  at: Record<UsedColumn, number>;
}

const USED_COLUMNS = [
  "step",
  "action",
  "reason",
  "sim_max",
  "k3_sim",
  "entropy",
  "surprise",
  "score",
  "shadow_size",
  "mem_size",
] as const;
export type UsedColumn = (typeof USED_COLUMNS)[number];

/** This entry of the values is NaN in every row. A missing column points here, so it needs no test. */
export const NO_PLACE = MOST_FIELDS;

/** Space for the numbers of a row, by column. */
export function rowValues(): Float64Array {
  const values = new Float64Array(MOST_FIELDS + 1);
  values[NO_PLACE] = Number.NaN;
  return values;
}

export function planOf(layout: Layout): Plan {
  const places = USED_COLUMNS.map((name) => {
    const place = layout.columns.indexOf(name);
    return [name, place === -1 ? NO_PLACE : place] as const;
  });
  return {
    layout,
    kinds: Uint8Array.from(layout.columns, (name) => KINDS.indexOf(kindOf(name))),
    at: Object.fromEntries(places) as Record<UsedColumn, number>,
  };
}

export function kindOf(column: string): ColumnKind {
  return Object.hasOwn(COLUMN_KINDS, column) ? (COLUMN_KINDS[column] as ColumnKind) : "any";
}

/** Kinds as numbers: a switch over numbers is one jump, a switch over strings compares them one by one. */
const KINDS: readonly ColumnKind[] = [
  "step",
  "count",
  "whole",
  "similarity",
  "positive",
  "real",
  "action",
  "reason",
  "boolean",
  "any",
];

/**
 * Compares a row with a layout of the same number of fields. Returns FITS, or the first column that does not fit.
 * `values` gets the number of each numeric column, and NaN where the program had no value.
 */
export function misfit({ kinds }: Plan, row: Row, values: Float64Array): number {
  const { bytes, starts, ends } = row;
  for (let column = 0; column < kinds.length; column += 1) {
    const from = starts[column] as number;
    const to = ends[column] as number;
    switch (kinds[column]) {
      case 0:
      case 1:
      case 2: {
        if (from === to && kinds[column] === 2) {
          values[column] = Number.NaN;
          continue;
        }
        const value = wholeAt(bytes, from, to);
        if (value < 0) return column;
        values[column] = value;
        continue;
      }
      case 3:
      case 4:
      case 5: {
        readReal(bytes, from, to, values, column);
        const value = values[column] as number;
        const kind = kinds[column] as number;
        if (
          kind === 3
            ? value < -1 - COSINE_SLACK || value > 1 + COSINE_SLACK
            : value < (kind === 4 ? -ZERO_SLACK : -Number.MAX_VALUE)
        )
          return column;
        continue;
      }
      case 6:
        if (!isWord(bytes, from, to)) return column;
        continue;
      case 7:
        if (from !== to && !isWord(bytes, from, to) && !(to === from + 1 && bytes[from] === 45))
          return column;
        continue;
      case 8:
        if (!isBoolean(bytes, from, to)) return column;
        continue;
      default:
        continue;
    }
  }
  return FITS;
}

/**
 * Reads the fields from the fourth on in one pass. The layout must begin with step, action and reason. Returns the
 * position of the line end, or -1 if a field is written in an unusual way; then `misfit` must decide.
 */
export function readPlain(
  { kinds }: Plan,
  bytes: Uint8Array,
  from: number,
  values: Float64Array,
  { starts, ends }: Row,
): number {
  let at = from;
  const last = kinds.length - 1;
  for (let column = 3; column <= last; column += 1) {
    starts[column] = at;
    const kind = kinds[column] as number;
    if (kind < 2) {
      const end = digitsEnd(bytes, at);
      if (end === at || end - at > 9) return -1;
      values[column] = wholeAt(bytes, at, end);
      at = end;
    } else if (kind !== 6 && kind !== 8 && (bytes[at] === COMMA || (bytes[at] as number) < 32))
      values[column] = Number.NaN;
    else if (kind === 2) {
      const end = digitsEnd(bytes, at);
      if (end === at || end - at > 9) return -1;
      values[column] = wholeAt(bytes, at, end);
      at = end;
    } else if (kind < 6) {
      at = realFrom(bytes, at, values, column);
      if (at === -1) return -1;
      const value = values[column] as number;
      if (
        kind === 3 ? value < -1 - COSINE_SLACK || value > 1 + COSINE_SLACK : kind === 4 && value < -ZERO_SLACK
      )
        return -1;
    } else {
      const begin = at;
      while ((bytes[at] as number) > COMMA) at += 1;
      if (kind === 8 && !isBoolean(bytes, begin, at)) return -1;
      if (kind === 6 || (kind === 7 && !isWord(bytes, begin, at))) return -1;
    }
    ends[column] = at;
    if (column === last) break;
    if (bytes[at] !== COMMA) return -1;
    at += 1;
  }
  return at;
}

const COMMA = 44;

export function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at += 1;
  return at;
}

/** The end of a sentence about a wrong row: what was found and what was expected. */
export function misfitText({ layout, kinds }: Plan, column: number, row: Row): string {
  const from = row.starts[column] as number;
  const came = Buffer.from(row.bytes.subarray(from, Math.min(row.ends[column] as number, from + 30)));
  return `${layout.columns[column] ?? ""} is ${JSON.stringify(came.toString("utf8"))}, not ${EXPECTED[KINDS[kinds[column] ?? 0] ?? "any"]}`;
}

const EXPECTED: Record<ColumnKind, string> = {
  step: "a whole number",
  count: "a whole number",
  whole: "a whole number or empty",
  similarity: "a number from -1 to 1",
  positive: "a number from 0 on",
  real: "a number",
  action: "a word",
  reason: "a word",
  boolean: "True or False",
  any: "anything",
};

/** A word begins with a letter, so a number is never taken for one. */
export function isWord(bytes: Uint8Array, from: number, to: number): boolean {
  if (from === to) return false;
  const letter = (bytes[from] as number) | 32;
  return (letter >= 97 && letter <= 122) || bytes[from] === 95 || (bytes[from] as number) >= 128;
}

/** True, False (Python) or true, false (JavaScript). */
function isBoolean(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  const letter = (bytes[from] as number) | 32;
  if (length === 4) return letter === 116 && bytes[from + 1] === 114 && bytes[to - 1] === 101;
  return length === 5 && letter === 102 && bytes[from + 1] === 97 && bytes[to - 1] === 101;
}

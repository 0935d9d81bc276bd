import type { Layout } from "../layouts.js";
import type { ColumnTotals } from "./column-totals.js";
import { RunningTotals } from "./column-totals.js";
import { kindOf } from "./plan.js";
import type { Plan } from "./plan.js";
import { UNREADABLE_NUMBER, readReal } from "./number.js";
import type { Row } from "./row.js";

/** A column that a reader gets wrong if it trusts the header. */
export interface MisreadColumn {
  column: string;
  /** The columns that it reads instead, with the number of rows. */
  readAs: Record<string, number>;
  rows: number;
  /** Rows in which the other column has another value. */
  differing: number;
  /** The first row with another value. */
  example: { line: number; right: string; read: string } | undefined;
  /** Absent for columns of words, and if a later layout showed that this column moves. */
  right: ColumnTotals | undefined;
  read: ColumnTotals | undefined;
}

interface Comparison {
  /** Positions, in the header, of columns that are summed up and are where the header says. */
  agreed: Int32Array;
  misread: Pair[];
}

interface Pair {
  column: number;
  numeric: boolean;
  /** Position in the layout of the row; -1 if the layout has no such column. */
  place: number;
  /** Position according to the header; -1 if the row is too short. */
  read: number;
  readName: string;
  /** Both columns hold numbers, and both have been parsed already. */
  parsed: boolean;
  rows: number;
  differing: number;
  example: { line: number; right: string; read: string } | undefined;
}

const NUMERIC = new Set(["similarity", "positive", "real", "whole", "count"]);

/** Compares, row by row, the columns that the header promises with the real ones. */
export class HeaderTrust {
  readonly #header: readonly string[];
  readonly #summed: readonly boolean[];
  readonly #comparisons = new Map<Plan, Comparison>();
  readonly #agreed: RunningTotals;
  readonly #right: RunningTotals;
  readonly #read: RunningTotals;
  readonly #notNumbers: Float64Array;
  readonly #value = new Float64Array(1);

  /** @param layouts the possible layouts; only columns that move in one of them are summed up */
  constructor(header: readonly string[], layouts: readonly Layout[]) {
    this.#header = header;
    this.#summed = header.map(
      (column, index) =>
        NUMERIC.has(kindOf(column)) &&
        layouts.some(({ columns }) => columns.includes(column) && columns.indexOf(column) !== index),
    );
    this.#agreed = new RunningTotals(header.length);
    this.#right = new RunningTotals(header.length);
    this.#read = new RunningTotals(header.length);
    this.#notNumbers = new Float64Array(header.length);
  }

  see(plan: Plan, row: Row, values: Float64Array): void {
    let comparison = this.#comparisons.get(plan);
    if (comparison === undefined) this.#comparisons.set(plan, (comparison = this.#compared(plan)));
    const { agreed, misread } = comparison;
    for (let index = 0; index < agreed.length; index += 1) {
      const column = agreed[index] as number;
      this.#agreed.add(column, values[column] as number, row.line);
    }
    for (let index = 0; index < misread.length; index += 1)
      this.#misread(misread[index] as Pair, row, values);
  }

  misread(): MisreadColumn[] {
    const pairs = [...this.#comparisons.values()].flatMap(({ misread }) => misread);
    return this.#header.flatMap((column, index) => {
      const own = pairs.filter((pair) => pair.column === index);
      if (own.length === 0) return [];
      const readAs: Record<string, number> = {};
      for (const { readName, rows } of own) readAs[readName] = (readAs[readName] ?? 0) + rows;
      const examples = own.flatMap(({ example }) => example ?? []);
      const summed = this.#summed[index] === true;
      return {
        column,
        readAs,
        rows: own.reduce((sum, { rows }) => sum + rows, 0),
        differing: own.reduce((sum, { differing }) => sum + differing, 0),
        example: examples.sort((one, other) => one.line - other.line)[0],
        right: summed ? this.#agreed.with(this.#right, index, 0) : undefined,
        read: summed ? this.#agreed.with(this.#read, index, this.#notNumbers[index] as number) : undefined,
      };
    });
  }

  #misread(pair: Pair, row: Row, values: Float64Array): void {
    const { column, place, read } = pair;
    pair.rows += 1;
    if (pair.parsed) {
      const right = values[place] as number;
      const value = values[read] as number;
      this.#right.add(column, right, row.line);
      this.#read.add(column, value, row.line);
      if (right === value || (Number.isNaN(right) && Number.isNaN(value))) return;
    } else {
      if (pair.numeric) this.#readNumber(pair, row, values);
      if (sameBytes(row, place, read)) return;
    }
    pair.differing += 1;
    pair.example ??= { line: row.line, right: text(row, place), read: text(row, read) };
  }

  #readNumber(pair: Pair, { bytes, starts, ends, line }: Row, values: Float64Array): void {
    const { column, place, read } = pair;
    if (place !== -1) this.#right.add(column, values[place] as number, line);
    if (read === -1) return;
    readReal(bytes, starts[read] as number, ends[read] as number, this.#value, 0);
    const value = this.#value[0] as number;
    // An empty field is read as a missing value, not as a wrong one.
    if (value === UNREADABLE_NUMBER) (this.#notNumbers[column] as number) += 1;
    else this.#read.add(column, value, line);
  }

  #compared({ layout }: Plan): Comparison {
    const pairs = this.#header.map((column, index): Pair => {
      const read = index < layout.columns.length ? index : -1;
      const place = layout.columns.indexOf(column);
      const readName = layout.columns[read] ?? "(nothing)";
      const numeric = this.#summed[index] === true;
      return {
        column: index,
        numeric,
        place,
        read,
        readName,
        parsed: numeric && place !== -1 && NUMERIC.has(kindOf(readName)),
        rows: 0,
        differing: 0,
        example: undefined,
      };
    });
    const agreed = pairs.filter(({ place, read, numeric }) => place === read && numeric);
    return {
      agreed: Int32Array.from(agreed, ({ column }) => column),
      misread: pairs.filter(({ place, read }) => place !== read),
    };
  }
}

function sameBytes({ bytes, starts, ends }: Row, one: number, other: number): boolean {
  if (one === -1 || other === -1) return false;
  const from = starts[one] as number;
  const length = (ends[one] as number) - from;
  const start = starts[other] as number;
  if ((ends[other] as number) - start !== length) return false;
  for (let at = 0; at < length; at += 1) if (bytes[from + at] !== bytes[start + at]) return false;
  return true;
}

function text({ bytes, starts, ends }: Row, field: number): string {
  if (field === -1) return "";
  return Buffer.from(bytes.subarray(starts[field], ends[field])).toString("utf8").slice(0, 60);
}

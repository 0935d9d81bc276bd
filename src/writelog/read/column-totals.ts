import { largestOf } from "../../base/stats/extremes.js";

/** Totals of a column, read either correctly or where the header says. */
export interface ColumnTotals {
  rows: number;
  sum: number;
  /** Absent where no row has a number. */
  max?: number;
  last?: number;
  /** Rows where the field at the header's position is not a number, although the column holds numbers. */
  notNumbers: number;
}

/** Positions of the totals of one column. They lie side by side in memory because each row changes all of them. */
const [ROWS, SUM, MAX, LAST, LAST_LINE] = [0, 1, 2, 3, 4] as const;
const PLACES = 5;

export class RunningTotals {
  readonly #totals: Float64Array;

  constructor(columns: number) {
    this.#totals = new Float64Array(columns * PLACES);
    for (let column = 0; column < columns; column += 1)
      this.#totals[column * PLACES + MAX] = Number.NEGATIVE_INFINITY;
  }

  add(column: number, value: number, line: number): void {
    if (Number.isNaN(value)) return;
    const totals = this.#totals;
    const at = column * PLACES;
    (totals[at + ROWS] as number) += 1;
    (totals[at + SUM] as number) += value;
    if (value > (totals[at + MAX] as number)) totals[at + MAX] = value;
    totals[at + LAST] = value;
    totals[at + LAST_LINE] = line;
  }

  /** The totals of these rows and of the rows in `other`. The rows of both alternate in the log. */
  with(other: RunningTotals, column: number, notNumbers: number): ColumnTotals {
    const of = (place: number): [number, number] => [
      this.#totals[column * PLACES + place] as number,
      other.#totals[column * PLACES + place] as number,
    ];
    const sumOf = ([one, two]: [number, number]): number => one + two;
    const [last, otherLast] = of(LAST);
    const [line, otherLine] = of(LAST_LINE);
    const rows = sumOf(of(ROWS));
    return {
      rows,
      sum: sumOf(of(SUM)),
      ...(rows === 0 ? {} : { max: largestOf(of(MAX)), last: otherLine > line ? otherLast : last }),
      notNumbers,
    };
  }
}

import { BytesperError } from "../../base/errors.js";
import { columnName } from "../read/header.js";
import { UNREADABLE_NUMBER, readReal, wholeAt } from "../read/number.js";
import type { Row } from "../read/row.js";
import { excerpt, MOST_FIELDS } from "../read/row.js";
import { RowSplitter } from "../read/rows.js";
import { logBytes } from "../read/source.js";
import { UnplacedLines } from "../read/unplaced.js";

/** The mean is over the rows that have a number. `last` is the number in the last row. */
export interface SummaryColumn {
  rows: number;
  mean: number;
  last: number;
}

export interface SummaryIncrease {
  line: number;
  step: number;
  from: number;
  to: number;
}

/** `mem_size` after each step, one entry for each row. */
export interface SummarySeries {
  steps: number[];
  sizes: number[];
  lines: number[];
}

export interface Summary {
  path: string;
  rows: number;
  firstStep: number;
  lastStep: number;
  columns: Record<string, SummaryColumn>;
  series: SummarySeries;
  increases: SummaryIncrease[];
  unplaced: UnplacedLines;
}

/** Most rows whose `mem_size` is kept for the comparison with the log. */
const MOST_ROWS = 2_000_000;

/** Reads a training summary: CSV with a header that has `step` and `mem_size`, and one row for each step. */
export async function readSummary(path: string, warn: (message: string) => void): Promise<Summary> {
  const reader = new SummaryReader(path);
  const splitter = new RowSplitter(reader);
  for await (const piece of logBytes(path, warn)) splitter.push(piece);
  splitter.finish();
  return reader.summary();
}

class SummaryReader {
  readonly #path: string;
  #names: string[] | undefined;
  #step = -1;
  #memSize = -1;
  #rows = 0;
  readonly #values = new Float64Array(MOST_FIELDS);
  readonly #counts = new Float64Array(MOST_FIELDS);
  readonly #sums = new Float64Array(MOST_FIELDS);
  readonly #last = new Float64Array(MOST_FIELDS).fill(Number.NaN);
  readonly #series: SummarySeries = { steps: [], sizes: [], lines: [] };
  readonly #increases: SummaryIncrease[] = [];
  readonly #unplaced = new UnplacedLines();

  constructor(path: string) {
    this.#path = path;
  }

  whole(): number {
    return -1;
  }

  unreadable(line: number, fields: number, why: string, bytes: Uint8Array): void {
    this.#unplaced.add({ line, fields, why, beginning: excerpt(bytes) });
  }

  row(row: Row): void {
    if (this.#names === undefined) {
      this.#header(row);
      return;
    }
    const why = this.#misfit(row, this.#names);
    if (why !== undefined) {
      const beginning = excerpt(row.bytes.subarray(row.starts[0], row.ends[0]));
      this.#unplaced.add({ line: row.line, fields: row.fields, why, beginning });
      return;
    }
    this.#rows += 1;
    for (let column = 0; column < row.fields; column += 1) {
      const value = this.#values[column] as number;
      if (value === UNREADABLE_NUMBER || Number.isNaN(value)) continue;
      (this.#counts[column] as number) += 1;
      (this.#sums[column] as number) += value;
      this.#last[column] = value;
    }
    this.#follow(row.line);
  }

  summary(): Summary {
    const { steps } = this.#series;
    const [firstStep, lastStep] = [steps[0], steps.at(-1)];
    if (this.#names === undefined || firstStep === undefined || lastStep === undefined)
      throw new BytesperError(
        "BAD_INPUT",
        `${this.#path} holds no row of a training summary${this.#reason()}; give a CSV file with a header that has step and mem_size.`,
      );
    const columns = this.#names.map((name, column): [string, SummaryColumn] => {
      const rows = this.#counts[column] as number;
      return [
        name,
        { rows, mean: (this.#sums[column] as number) / rows, last: this.#last[column] as number },
      ];
    });
    return {
      path: this.#path,
      rows: this.#rows,
      firstStep,
      lastStep,
      columns: Object.fromEntries(columns.filter(([, { rows }]) => rows > 0)),
      series: this.#series,
      increases: this.#increases,
      unplaced: this.#unplaced,
    };
  }

  #reason(): string {
    const first = this.#unplaced.listed[0];
    return first === undefined ? "" : ` (line ${first.line}: ${first.why})`;
  }

  #header(row: Row): void {
    const names = Array.from({ length: Math.min(row.fields, MOST_FIELDS) }, (_, field) =>
      columnName(Buffer.from(row.bytes.subarray(row.starts[field], row.ends[field])).toString("utf8")),
    );
    this.#step = names.indexOf("step");
    this.#memSize = names.indexOf("mem_size");
    if (this.#step === -1 || this.#memSize === -1 || names.includes("action"))
      throw new BytesperError(
        "BAD_INPUT",
        `${this.#path} has no header of a training summary in line ${row.line}, with step and mem_size and without action; give the training summary, not the write log.`,
      );
    this.#names = names;
  }

  #misfit(row: Row, names: readonly string[]): string | undefined {
    const { bytes, starts, ends } = row;
    if (row.fields !== names.length)
      return `it has ${row.fields} fields where the header names ${names.length}`;
    for (let column = 0; column < row.fields; column += 1)
      readReal(bytes, starts[column] as number, ends[column] as number, this.#values, column);
    for (const column of [this.#step, this.#memSize]) {
      const value = wholeAt(bytes, starts[column] as number, ends[column] as number);
      if (value < 0) return `${names[column] ?? ""} is no whole number`;
      this.#values[column] = value;
    }
    return undefined;
  }

  #follow(line: number): void {
    const [step, size] = [this.#values[this.#step] as number, this.#values[this.#memSize] as number];
    const { steps, sizes, lines } = this.#series;
    const before = sizes.at(-1);
    if (before !== undefined && size > before) this.#increases.push({ line, step, from: before, to: size });
    if (steps.length < MOST_ROWS) {
      steps.push(step);
      sizes.push(size);
      lines.push(line);
    }
  }
}

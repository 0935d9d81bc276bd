/**
 * A figure of an experiment. `x`, `y` and `at` name values as the columns of a table do: `factors.NAME`,
 * `readings.NAME`, `instances`, `units`, `unitsPerInstance`, `heapAndExternal`, `perInstanceBytes`, `perUnitBytes`,
 * `estimateBytes`, `capBytes` or `measuredOverEstimate`. With `x: "series"` each `y` is `series.NAME`, the readings that
 * a program gave over its steps. Units follow from the names: `...Bytes`, `...Ms`, `...Share`.
 */
export interface FigureSpec {
  title: string;
  /** Name of its files, without an ending; made from the title unless given. */
  name?: string;
  /** What goes along: numbers, or words that get a place each. */
  x: string;
  y: readonly FigureValue[];
  /** A line, or bars where `x` holds words, unless given. */
  kind?: "line" | "points" | "area" | "bar" | "step";
  /** Axes of logarithms. */
  log?: readonly ("x" | "y")[];
  xLabel?: string;
  yLabel?: string;
  /** Name of the follow-up whose rows are shown; those of the experiment unless given. */
  part?: string;
  /** Only rows with these levels. */
  where?: Readonly<Record<string, number | string | boolean>>;
  /** Only rows with the largest level of this factor. */
  largest?: string;
  marks?: readonly MarkSpec[];
  /** As wide as a page in place of a column. */
  wide?: boolean;
}

/** What is shown over `x`; each level of the other factors gets a series of its own. */
export type FigureValue =
  | string
  | {
      from: string;
      /** Name of the series; the title of the table's column unless given. */
      name?: string;
      /** A formula's and not a measurement: dashed, without markers. */
      estimated?: boolean;
      /** Series of one group share colour and marker. */
      group?: string;
      /** Bars and areas of one stack lie on one another. */
      stack?: string;
    };

/** A line across the figure. */
export interface MarkSpec {
  axis: "x" | "y";
  /** A number, `settings.NAME`, or a value of rows: each row that fits `where` gives a line. */
  at: number | string;
  /** `{value}` stands for the place with its unit, `{NAME}` for the level of a factor. */
  label: string;
  /** Rows of this follow-up; the experiment's own unless given. */
  part?: string;
  where?: Readonly<Record<string, number | string | boolean>>;
}

import type { Answer } from "./answer.js";

export const FIGURE_KINDS = ["line", "points", "area", "bar", "step"] as const;

export type FigureKind = (typeof FIGURE_KINDS)[number];

/**
 * A figure of an experiment. `x`, `y` and `at` name values like the columns of a table: `factors.NAME`,
 * `readings.NAME`, `instances`, `units`, `unitsPerInstance`, `heapAndExternal`, `perInstanceBytes`,
 * `perUnitBytes`, `estimateBytes`, `capBytes` or `measuredOverEstimate`. With `x: "series"` each `y` is
 * `series.NAME`, a reading that a program gave for each of its steps. Units follow from the end of the names:
 * `...Bytes`, `...Ms`, `...Share`.
 */
export interface FigureSpec {
  title: string;
  /** What the figure shows, in one sentence with its numbers; the title where a number of it is unknown. */
  finding?: Answer;
  /** Name of its files, without extension; the default is made from the title. */
  name?: string;
  /** The value on the horizontal axis: numbers, or words that get one place each. */
  x: string;
  y: readonly FigureValue[];
  /** The default is a line, or bars if `x` holds words. */
  kind?: FigureKind;
  /** Axes with a logarithmic scale. */
  log?: readonly ("x" | "y")[];
  xLabel?: string;
  yLabel?: string;
  /** Name of the follow-up whose rows are shown; the default is the experiment's own rows. */
  part?: string;
  /** Only rows with these levels. */
  where?: Readonly<Record<string, number | string | boolean>>;
  /** Only rows with the largest level of the factor with this name. */
  largest?: string;
  marks?: readonly MarkSpec[];
  /** As wide as a page instead of a column. */
  wide?: boolean;
  /** A small plot for each series, where lines would cross. */
  panels?: boolean;
}

/** What the figure shows over `x`. Each level of the other factors gets its own series. */
export type FigureValue =
  | string
  | {
      from: string;
      /** Name of the series; the default is the title of the table's column. */
      name?: string;
      /** True for a formula instead of a measurement: drawn dashed, without markers. */
      estimated?: boolean;
      /** All series of one group have the same colour and marker. */
      group?: string;
      /** Bars and areas of one stack are drawn on top of each other. */
      stack?: string;
    };

export interface MarkSpec {
  axis: "x" | "y";
  /** A number, `settings.NAME`, or a value of rows: each row that matches `where` gives a line. */
  at: number | string;
  /** `{value}` stands for the number with its unit, `{NAME}` for the level of a factor. */
  label: string;
  /** Takes the rows of this follow-up; the default is the experiment's own rows. */
  part?: string;
  where?: Readonly<Record<string, number | string | boolean>>;
}

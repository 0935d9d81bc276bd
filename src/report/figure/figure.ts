import type { ByteUnit } from "../../base/size.js";
import type { FigureKind } from "../../experiment/figure-spec.js";

/** The data of one figure, used by all writers: base units (bytes, ms, counts), not rounded. */
export interface Figure {
  title: string;
  x: Axis;
  y: Axis;
  series: Series[];
  /** Lines across the plot: a capacity, a cap, a frontier. */
  marks?: Mark[];
  /** Notes below the figure: Node version, machine, how it was measured. */
  notes?: string[];
  /** Name of its files, without extension; the default is made from the title. */
  name?: string;
  /** As wide as a page (170 mm) instead of a column (85 mm). */
  wide?: boolean;
  /** A small plot for each series in place of one for all. */
  panels?: boolean;
}

export interface Axis {
  label: string;
  unit: "bytes" | "ms" | "count" | "share" | "none";
  /** The unit of all values of an axis of bytes; the default goes by the largest. */
  byteUnit?: ByteUnit;
  scale?: "linear" | "log";
  /**
   * Names instead of numbers; the x (or y) of a point is then the index of a name. With names on y, the bars
   * are horizontal: `x` is their value, and `low` and `high` belong to `x`.
   */
  categories?: string[];
  min?: number;
  max?: number;
}

export interface Series {
  name: string;
  /** `area` and `bar` series with the same `stack` lie on top of each other. */
  kind: FigureKind;
  stack?: string;
  /** All series of one group have the same colour and marker, such as a measurement and its estimate. */
  group?: string;
  /** True for a formula instead of a measurement: a dashed line without markers. */
  estimated?: boolean;
  /** A line fitted to the measurements of its group: solid, thin and without markers. */
  fitted?: boolean;
  points: Point[];
}

/**
 * A point without `y` is absent and leaves a gap. A censored point is larger than `y`: an arrow at `y` shows
 * it.
 */
export interface Point {
  x: number;
  y?: number;
  low?: number;
  high?: number;
  censored?: boolean;
  /** How the row ended that has no value here, such as `oom-cap`. */
  killed?: string;
}

export interface Mark {
  axis: "x" | "y";
  at: number;
  label: string;
}

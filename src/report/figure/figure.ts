/** One figure for all writers: what is drawn, in base units (bytes, ms, counts), unrounded. */
export interface Figure {
  title: string;
  x: Axis;
  y: Axis;
  series: Series[];
  /** Lines across the plot: a capacity, a cap, a frontier. */
  marks?: Mark[];
  /** Conditions below the figure: Node, machine, how it was measured. */
  notes?: string[];
  /** Name of its files, without an ending; made from the title unless given. */
  name?: string;
  /** As wide as a page (170 mm) in place of a column (85 mm). */
  wide?: boolean;
}

export interface Axis {
  label: string;
  /** Bytes are shown in binary prefixes, ms as s from 1,000 on. */
  unit: "bytes" | "ms" | "count" | "share" | "none";
  scale?: "linear" | "log";
  /**
   * Names in place of numbers; the points' x (or y) is then the index of one. With names on y, bars lie: `x` is their
   * value, and `low` and `high` are of it.
   */
  categories?: string[];
  min?: number;
  max?: number;
}

export interface Series {
  name: string;
  /** `area` and `bar` series with the same `stack` lie on one another. */
  kind: "line" | "points" | "area" | "bar" | "step";
  stack?: string;
  /** Series of one group share colour and marker, such as a measurement and its estimate. */
  group?: string;
  /** Drawn as a dashed line without markers: a formula's, not a measurement. */
  estimated?: boolean;
  /** A line through the measurements of its group: whole, thin and without markers. */
  fitted?: boolean;
  points: Point[];
}

/** A point without `y` is absent and leaves a gap; a censored one lies beyond `y` and is drawn as an arrow there. */
export interface Point {
  x: number;
  y?: number;
  low?: number;
  high?: number;
  censored?: boolean;
}

export interface Mark {
  axis: "x" | "y";
  at: number;
  label: string;
}

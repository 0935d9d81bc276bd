import type { Figure } from "../../../../src/report/figure/figure.js";

const GIB = 2 ** 30;

/** A line with a gap, a bound, an interval, an estimate and marks on both axes. */
export function sampleFigure(): Figure {
  return {
    title: "Memory <of> one & all",
    x: { label: "tokens", unit: "count", scale: "log" },
    y: { label: "memory", unit: "bytes", scale: "linear" },
    series: [
      {
        name: "measured",
        kind: "line",
        group: "a",
        points: [
          { x: 10, y: 0.5 * GIB },
          { x: 100, y: GIB, low: 0.6 * GIB, high: 1.4 * GIB },
          { x: 1000 },
          { x: 10_000, y: 2 * GIB },
          { x: 20_000, y: 2.5 * GIB },
          { x: 100_000, y: 3 * GIB, censored: true },
        ],
      },
      {
        name: "estimate",
        kind: "line",
        group: "a",
        estimated: true,
        points: [
          { x: 10, y: 0.4 * GIB },
          { x: 100_000, y: 4 * GIB },
        ],
      },
      { name: "other", kind: "step", points: [{ x: 10, y: 0.1 * GIB }, { x: 1000, y: 0.2 * GIB }] }, // prettier-ignore
    ],
    marks: [
      { axis: "y", at: 3.5 * GIB, label: "capacity 3.5 GiB" },
      { axis: "x", at: 30_000, label: "fits 30,000" },
    ],
    notes: ["Node 20.0.0, Test CPU."],
  };
}

/** Standing bars: whole, estimated, absent and bounded. */
export function barFigure(): Figure {
  return {
    title: "Bars",
    x: { label: "policy", unit: "none", categories: ["a", "b"] },
    y: { label: "time", unit: "ms" },
    series: [
      { name: "formula", kind: "bar", estimated: true, points: [{ x: 0, y: 2000 }, { x: 1, y: 2000 }] }, // prettier-ignore
      { name: "measured", kind: "bar", points: [{ x: 0, y: 2500, low: 2400, high: 2600 }, { x: 1 }] }, // prettier-ignore
      { name: "bounded", kind: "bar", points: [{ x: 0, y: 1000 }, { x: 1, y: 3000, censored: true }] }, // prettier-ignore
    ],
  };
}

import { expect, test } from "vitest";
import type { Figure } from "../../../../src/report/figure/figure.js";
import { figureTable } from "../../../../src/report/html/figure-table.js";
import { describe as inWords } from "../../../../src/report/html/figure.js";

const FIGURE: Figure = {
  title: "Bytes",
  x: { label: "sessions", unit: "count", scale: "log" },
  y: { label: "heap", unit: "bytes", byteUnit: "KiB" },
  series: [
    {
      name: "measured",
      kind: "points",
      points: [{ x: 1, y: 1024, low: 512, high: 2048 }, { x: 10 }, { x: 100, y: 4096, censored: true }],
    },
    { name: "line", kind: "line", fitted: true, points: [1, 2, 50, 100].map((x) => ({ x, y: 24 + 1000 * x })) }, // prettier-ignore
  ],
};

test("a row for each measured place; a straight line is told there and not at the places that it is drawn through", () => {
  const { rows, columns } = figureTable(FIGURE);
  expect(columns.map(({ title }) => title)).toEqual(["sessions", "measured", "line"]);
  expect(rows.map(([place]) => (place as { value: number }).value)).toEqual([1, 10, 100]);
  // 24 + 1000 * 10
  expect((rows[1]?.[2] as { value: number }).value).toBeCloseTo(10_024, 6);
});

test("ranges, absent values and bounds stay what they are", () => {
  const cells = figureTable(FIGURE).rows.map(([, measured]) => measured);
  expect(cells[0]).toMatchObject({ value: 1024, shown: "1 KiB", range: ["0.5 KiB", "2 KiB"] });
  expect(cells[1]).toMatchObject({ absent: expect.any(String) as string });
  expect(cells[2]).toMatchObject({ censored: "> 4 KiB", above: 4096 });
});

test("of bars that lie the names are the rows and x holds the values", () => {
  const lying: Figure = {
    title: "Parts",
    x: { label: "bytes", unit: "bytes" },
    y: { label: "", unit: "none", categories: ["a", "b"] },
    series: [{ name: "", kind: "bar", points: [{ x: 2048, y: 0 }, { x: 10, y: 1 }] }], // prettier-ignore
  };
  const { rows, columns } = figureTable(lying);
  expect(columns.map(({ title }) => title)).toEqual(["name", "bytes"]);
  expect(rows.map(([name, cell]) => [name, (cell as { value: number }).value])).toEqual([
    ["a", 2048],
    ["b", 10],
  ]);
});

test("the words of a figure name axes, series, ends, bounds and what is absent", () => {
  const words = inWords(FIGURE);
  expect(words).toContain("heap over sessions");
  expect(words).toContain("measured: 3 points, from 1 KiB at 1 to more than 4 KiB at 100");
});

import { expect, test } from "vitest";
import type { Result, ResultRow } from "../../../src/record/schema.js";
import { seriesFigures } from "../../../src/report/series-figure.js";

const row = (stage: string, outcome: ResultRow["outcome"], points: [number, number][]): ResultRow => ({
  factors: { stage, change: "all" },
  outcome,
  trials: 1,
  instances: 1,
  unitsPerInstance: 1,
  readings: {},
  perUnitBytes: { absent: "none" },
  series: [
    { reading: "activeFlows", over: "step", points },
    {
      reading: "reservedBytes",
      over: "step",
      points: points.map(([x, y]): [number, number] => [x, 100 * y]),
    },
  ],
});

function resultOf(deviceCapBytes: number): Result {
  const rows = [
    row("A", "ok", [
      [1, 5],
      [2, 6],
    ]),
    row("B", "oom-device", [[1, 7]]),
  ];
  const without = row("C", "crash", []);
  delete without.series;
  return { title: "Rolled", rows: [...rows, without], settings: { deviceCapBytes } } as unknown as Result;
}

test("each reading over the steps is a figure, with a line for each stage that ran", () => {
  const [flows, reserved] = seriesFigures(resultOf(1000));
  expect(flows).toMatchObject({
    name: "steps-activeFlows",
    title: "Active flows, highest value: 6 (A) to 7 (B (oom-device))",
    x: { label: "step", unit: "count" },
    y: { label: "active flows", unit: "count" },
    series: [
      {
        name: "A",
        points: [
          { x: 1, y: 5 },
          { x: 2, y: 6 },
        ],
      },
      { name: "B (oom-device)", points: [{ x: 1, y: 7 }] },
    ],
  });
  expect(flows).not.toHaveProperty("marks");
  expect(reserved).toMatchObject({ y: { unit: "bytes" }, marks: [{ axis: "y", at: 1000, label: "cap" }] });
});

test("a cap that is far above every line is left out", () => {
  expect(seriesFigures(resultOf(10_000))[1]).not.toHaveProperty("marks");
});

test("a result without series has no such figure", () => {
  expect(seriesFigures({ rows: [], settings: {}, title: "none" } as unknown as Result)).toEqual([]);
});

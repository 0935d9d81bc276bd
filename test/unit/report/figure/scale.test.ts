import { expect, test } from "vitest";
import type { Axis, Figure } from "../../../../src/report/figure/figure.js";
import { domainOf, ticksOf } from "../../../../src/report/figure/scale.js";
import { valueText, withUnits } from "../../../../src/report/figure/value-text.js";

function figureOf(values: readonly number[], axis: Partial<Axis>, kind: "line" | "bar" = "line"): Figure {
  return {
    title: "t",
    x: { label: "x", unit: "count" },
    y: { label: "y", unit: "none", ...axis },
    series: [{ name: "s", kind, points: values.map((y, x) => ({ x, y })) }],
  };
}

test.each<[string, Figure, [number, number]]>([
  ["lines near 0 begin at 0", figureOf([1, 10], {}), [0, 10.5]],
  ["lines far above 0 do not", figureOf([90, 100], {}), [89, 105]],
  ["bars always do", figureOf([90, 100], {}, "bar"), [0, 100 * 1.06 * 1.05]],
  ["logarithms leave room on both sides", figureOf([10, 1000], { scale: "log" }), [8, 1250]],
  ["values that are all nothing still have an axis", figureOf([0, 0], {}), [0, 1]],
  ["ends that are asked for hold", figureOf([1, 2], { min: 0, max: 5 }), [0, 5]],
])("%s", (_name, figure, [low, high]) => {
  const [from, to] = domainOf(figure, "y");
  expect(from).toBeCloseTo(low, 9);
  expect(to).toBeCloseTo(high, 9);
});

test.each<[string, [number, number], Partial<Axis>, number, number[]]>([
  ["round steps", [0, 1], {}, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  ["whole ticks for counts", [0, 2], { unit: "count" }, 9, [0, 1, 2]],
  ["decades where there are many", [1, 1e6], { scale: "log" }, 8, [1, 10, 100, 1000, 1e4, 1e5, 1e6]],
  ["1-2-5 where there are few", [1, 100], { scale: "log" }, 8, [1, 2, 5, 10, 20, 50, 100]],
])("ticks have %s", (_name, domain, axis, most, ticks) => {
  expect(ticksOf(domain, { label: "", unit: "none", ...axis }, most)).toEqual(ticks);
});

test("all values of an axis have one unit: the table's, else that of the largest value", () => {
  const { y } = withUnits(figureOf([2 ** 19, 3 * 2 ** 20], { unit: "bytes" }));
  expect([2 ** 19, 3 * 2 ** 20].map((value) => valueText(y, value))).toEqual(["0.5 MiB", "3 MiB"]);
  const table = withUnits(figureOf([2 ** 30], { unit: "bytes", byteUnit: "MiB" }));
  expect(valueText(table.y, 2 ** 30)).toBe("1,024 MiB");
  expect(valueText({ label: "", unit: "share" }, 0.4567)).toBe("45.7 %");
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";
import { figuresProblem } from "../../../../src/experiment/figures-problem.js";
import { figureSection } from "../../../../src/report/figure-links.js";
import type { FigureSpec } from "../../../../src/experiment/figure-spec.js";
import { figuresOf, figuresWithoutData } from "../../../../src/report/figure/of-result.js";
import { specFigure } from "../../../../src/report/figure/of-spec.js";
import { figureSvg } from "../../../../src/report/figure/svg.js";
import type { Result, ResultRow } from "../../../../src/record/schema.js";
import { parseResult } from "../../../../src/record/schema.js";
import { sampleResult } from "../sample.js";

const RESULTS = fileURLToPath(new URL("../../../../results", import.meta.url));

function row(factors: ResultRow["factors"], readings: ResultRow["readings"]): ResultRow {
  const shared = { outcome: "ok", trials: 1, instances: 1, unitsPerInstance: 1 } as const;
  return { ...shared, factors, readings, perUnitBytes: { absent: "no" } };
}

const exact = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});

/** A program's result: two kinds, three levels, one of each without a value. */
function programResult(): Result {
  return {
    ...sampleResult(),
    followUps: [],
    fit: { absent: "rows have readings of their own" },
    breakdown: [],
    settings: { deviceCapBytes: 1000 },
    rows: [
      row({ kind: "a", n: 1 }, { usedBytes: exact(10), otherBytes: exact(1) }),
      row({ kind: "a", n: 2 }, { usedBytes: { value: 20, low: 15, high: 25 }, otherBytes: exact(1) }),
      row({ kind: "a", n: 4 }, { usedBytes: { above: 1000, reason: "cap" }, otherBytes: exact(1) }),
      row({ kind: "b", n: 1 }, { usedBytes: { absent: "not read" }, otherBytes: exact(2) }),
      row({ kind: "b", n: 2 }, { usedBytes: exact(30), otherBytes: exact(2) }),
    ],
  };
}

const SPEC: FigureSpec = { title: "Used", x: "factors.n", y: ["readings.usedBytes"], where: { kind: "a" } };

test("readings become points: a value, an interval, a bound, an absent one without y", () => {
  const [a, b] =
    specFigure(programResult(), { title: "Used", x: "factors.n", y: ["readings.usedBytes"] })?.series ?? [];
  expect(a).toMatchObject({ name: "a", points: [{ x: 1, y: 10 }, { x: 2, y: 20, low: 15, high: 25 }, { x: 4, y: 1000, censored: true }] }); // prettier-ignore
  expect(b).toMatchObject({ name: "b", points: [{ x: 1 }, { x: 2, y: 30 }] });
  expect(b?.points[0]).not.toHaveProperty("y");
});

test("words go along as names, and get bars", () => {
  const figure = specFigure(programResult(), { title: "By kind", x: "factors.kind", largest: "n", y: ["readings.otherBytes"] }); // prettier-ignore
  expect(figure?.x.categories).toEqual(["a"]);
  const both = specFigure(programResult(), { title: "By kind", x: "factors.kind", where: { n: 2 }, y: ["readings.usedBytes", "readings.otherBytes"] }); // prettier-ignore
  expect(both?.x.categories).toEqual(["a", "b"]);
  expect(both?.series.map(({ kind, points }) => [kind, points.map(({ y }) => y)])).toEqual([["bar", [20, 30]], ["bar", [1, 2]]]); // prettier-ignore
});

test("marks come from numbers, settings and rows, with their value in the label", () => {
  const marks = [
    { axis: "y", at: 500, label: "half" },
    { axis: "y", at: "settings.deviceCapBytes", label: "cap {value}" },
    { axis: "x", at: "factors.n", where: { kind: "b" }, label: "{kind} at {value}" },
  ] as const;
  expect(specFigure(programResult(), { ...SPEC, marks })?.marks).toEqual([
    { axis: "y", at: 500, label: "half" },
    { axis: "y", at: 1000, label: "cap 0.98 KiB" },
    { axis: "x", at: 1, label: "b at 1" },
    { axis: "x", at: 2, label: "b at 2" },
  ]);
});

test("a figure that no row has anything for is left out and said so", () => {
  const figures = [{ ...SPEC, y: ["readings.mispelt"] }] as unknown as NonNullable<Result["figures"]>;
  const result = { ...programResult(), figures };
  expect(figuresOf(result)).toEqual([]);
  expect(figuresWithoutData(result)).toEqual([
    'The figure "Used" is left out: no row has a value of readings.mispelt.',
  ]);
});

test("figures of one title get files of their own", () => {
  const figures = [SPEC, SPEC] as unknown as NonNullable<Result["figures"]>;
  expect(figuresOf({ ...programResult(), figures }).map(({ name }) => name)).toEqual(["used", "used-2"]);
});

test("the fitted line goes through what the fit says and through no estimate", () => {
  const result = sampleResult();
  const rows = [10, 1000].map((sessions) => ({
    ...(result.rows[0] as ResultRow),
    factors: { sessions },
    instances: sessions,
    readings: { heapBytes: exact(3300 + 7700.25 * sessions), externalBytes: exact(0) },
  }));
  const bytes = figuresOf({ ...result, rows }).find(({ name }) => name === "bytes");
  const line = bytes?.series.find(({ fitted }) => fitted);
  // 3,300 B once and 7,700.25 B for each of 10 sessions.
  expect(line?.points[0]).toEqual({ x: 10, y: 80_302.5 });
  expect(bytes?.series.find(({ estimated }) => estimated)?.points[0]?.y).toBeCloseTo(100_000, 6);
  expect(bytes?.series[0]?.points[0]).toEqual({ x: 10, y: 80_302.5 });
});

test.each(
  existsSync(RESULTS)
    ? readdirSync(RESULTS).filter((name) => existsSync(join(RESULTS, name, "result.json")))
    : [],
)("the committed result of %s still reads and is drawn", async (name) => {
  const file = join(RESULTS, name, "result.json");
  const result = parseResult(readFileSync(file, "utf8"), file);
  for (const figure of figuresOf(result)) expect(await figureSvg(figure)).toContain("</svg>");
});

test("a result with figures comes back as it was written", () => {
  const result = { ...programResult(), figures: [SPEC] as unknown as NonNullable<Result["figures"]> };
  expect(parseResult(JSON.stringify(result), "r.json")).toEqual(JSON.parse(JSON.stringify(result)));
});

test.each([
  [{}, "must be a list"],
  [[3], "number 1 must be an object"],
  [[{ ...SPEC, title: "" }], 'needs a "title"'],
  [[SPEC, { title: "t", y: ["readings.a"] }], 'number 2 needs an "x"'],
  [[{ ...SPEC, y: [] }], 'needs a "y"'],
  [[{ ...SPEC, kind: "pie" }], 'the kind "pie"; the kinds are line'],
  [[{ ...SPEC, kind: "bar", log: ["y"] }], "which has no 0"],
  [[{ ...SPEC, colour: "red" }], 'the key "colour"'],
  [[{ ...SPEC, part: "later" }], 'the part "later"; the follow-ups are curve'],
  [[{ ...SPEC, marks: [{ axis: "z" }] }], 'without an "axis"'],
])("figures %j of an experiment file are refused with what is wrong", (figures, message) => {
  expect(figuresProblem(figures, ["curve"])).toContain(message);
});

test("figures that are right, and none, are no problem", () => {
  expect(figuresProblem([SPEC, { ...SPEC, part: "curve" }], ["curve"])).toBeUndefined();
  expect(figuresProblem(undefined, [])).toBeUndefined();
});

test("a page links each figure with the files that it has", () => {
  const link = {
    title: "A [b]",
    folder: "figures",
    name: "a-b",
    endings: ["vl.json", "svg", "png"] as const,
  };
  expect(figureSection([link, { ...link, endings: ["svg"] }])).toEqual([
    "## Plots",
    "![A \\[b\\]](figures/a-b.svg)\n\n[SVG](figures/a-b.svg), [PNG](figures/a-b.png), [description (Vega-Lite)](figures/a-b.vl.json)",
    "![A \\[b\\]](figures/a-b.svg)\n\n[SVG](figures/a-b.svg)",
  ]);
  expect(figureSection([])).toEqual([]);
});

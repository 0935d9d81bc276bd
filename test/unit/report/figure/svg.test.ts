import { expect, test } from "vitest";
import type { Figure } from "../../../../src/report/figure/figure.js";
import { textWidth } from "../../../../src/report/figure/font.js";
import { figureSvg } from "../../../../src/report/figure/svg.js";
import { barFigure, sampleFigure } from "./sample.js";

interface Text {
  content: string;
  left: number;
  right: number;
  middle: number;
  upright: boolean;
}

/** The texts of a picture with the places that they take. */
function textsOf(svg: string): Text[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = "", content = ""]) => {
    const get = (pattern: RegExp): string => pattern.exec(attributes)?.[1] ?? "";
    const [x, y] = (get(/translate\(([^)]*)\)/) || get(/matrix\((?:[^,]*,){4}([^)]*)\)/))
      .split(/[ ,]+/)
      .map(Number);
    const own = [Number(get(/(?<!\w)x="([^"]*)"/) || 0), Number(get(/(?<!\w)y="([^"]*)"/) || 0)] as const;
    const plain = content.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
    const size = Number(/font-size="([^"]*)"/.exec(attributes)?.[1]);
    const width = textWidth(plain, size, attributes.includes("bold") ? "bold" : "normal");
    const anchor = get(/text-anchor="(\w+)"/);
    const left = (x ?? 0) + own[0] - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
    const upright = /rotate|matrix/.test(attributes);
    return { content: plain, left, right: left + width, middle: (y ?? 0) + own[1], upright };
  });
}

function contents(figure: Figure): string[] {
  return textsOf(figureSvg(figure)).map(({ content }) => content);
}

/** Lines of a colour and a width, each as its points. */
function linesOf(svg: string, color: string, width: number): string[][] {
  return [...svg.matchAll(/<polyline points="([^"]*)" ([^>]*)>/g)]
    .filter(
      ([, , style = ""]) => style.includes(`stroke="${color}"`) && style.includes(`stroke-width="${width}"`),
    )
    .map(([, points = ""]) => points.split(" "));
}

test("the same figure gives the same bytes, whatever was drawn before it", () => {
  const first = figureSvg(sampleFigure());
  figureSvg(barFigure());
  expect(figureSvg(sampleFigure())).toBe(first);
});

test("a column is 85 mm wide and a page 170 mm, drawn in points", () => {
  expect(figureSvg(sampleFigure())).toMatch(
    /^<svg xmlns="[^"]*" width="85\.00mm" height="[\d.]+mm" viewBox="0 0 240\.94 /,
  );
  expect(figureSvg({ ...sampleFigure(), wide: true })).toContain('width="170.00mm"');
});

test("title, axes, ticks, legend, marks and notes are there as text", () => {
  const found = contents(sampleFigure());
  for (const text of [
    "Memory <of> one & all",
    "memory (GiB)",
    "tokens",
    "10,000",
    "100,000",
    "4.0",
    "measured",
    "estimate",
    "other",
    "capacity 3.5 GiB",
    "fits 30,000",
    "Node 20.0.0, Test CPU.",
  ])
    // prettier-ignore
    expect(found).toContain(text);
  expect(figureSvg(sampleFigure())).toContain("<title>Memory &lt;of&gt; one &amp; all</title>");
});

test("an absent point leaves a gap and a bound is an arrow that no line leads to", () => {
  const lines = linesOf(figureSvg(sampleFigure()), "#004a80", 1.1);
  // Two stretches of two points, and the sample in the legend.
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toHaveLength(4);
  expect(contents(sampleFigure())).toContain("> 3 GiB");
});

test("a bound at a line across the plot is not said twice", () => {
  const figure = { ...sampleFigure(), marks: [{ axis: "y" as const, at: 3 * 2 ** 30, label: "capacity" }] };
  expect(contents(figure)).not.toContain("> 3 GiB");
});

test("an interval has a whisker where it is wider than the marker", () => {
  const whiskers = linesOf(figureSvg(sampleFigure()), "#004a80", 0.7);
  // The line and a cap at each end.
  expect(whiskers).toHaveLength(3);
});

test("an absent bar is a dash and no bar of 0; a bounded one says so", () => {
  const found = contents(barFigure());
  expect(found).toContain("—");
  expect(found.filter((text) => text === "—")).toHaveLength(1);
  expect(found.join(" ")).toContain("An arrow starts at a bound");
});

test("an axis of logarithms says what it has no place for", () => {
  const figure = sampleFigure();
  figure.y.scale = "log";
  figure.series[0]?.points.push({ x: 5, y: 0 });
  expect(contents(figure).join(" ")).toContain("1 value is 0 or less");
});

test.each([
  ["lines", sampleFigure()],
  ["lines on a page", { ...sampleFigure(), wide: true }],
  ["bars", barFigure()],
  ["long names", { ...barFigure(), title: "A title that is much longer than a column is wide, ".repeat(3), x: { label: "", unit: "none" as const, categories: ["a very long name of a policy", "wordwithoutanyspaceinitthatistoolong"] } }], // prettier-ignore
])("no text of %s leaves the picture or lies on another", (_name, figure) => {
  const svg = figureSvg(figure);
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.map(Number) as [
    number,
    number,
    number,
  ];
  const texts = textsOf(svg).filter(({ upright }) => !upright);
  for (const { content, left, right, middle } of texts) {
    expect(left, content).toBeGreaterThanOrEqual(-0.5);
    expect(right, content).toBeLessThanOrEqual(width + 0.5);
    expect(middle, content).toBeGreaterThan(0);
    expect(middle, content).toBeLessThan(height);
  }
  for (const [place, one] of texts.entries()) {
    for (const other of texts.slice(place + 1)) {
      const apart =
        Math.abs(one.middle - other.middle) > 5 ||
        one.right <= other.left + 0.5 ||
        other.right <= one.left + 0.5;
      expect(apart, `${one.content} / ${other.content}`).toBe(true);
    }
  }
});

test("two pictures on one page share no name, and nothing in them reacts or is loaded", () => {
  const svg = figureSvg(sampleFigure());
  const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  const others = new Set([...figureSvg(barFigure()).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  expect(ids.filter((id) => others.has(id))).toEqual([]);
  expect(svg).not.toMatch(/<script|<style|:hover|href=|class=/);
});

test("a figure without any point has axes all the same", () => {
  const empty = {
    ...sampleFigure(),
    series: [{ name: "none", kind: "line" as const, points: [] }],
    marks: [],
  };
  expect(contents(empty)).toContain("tokens");
});

test("the stacks of bars and areas begin where the ones below end", () => {
  const figure: Figure = {
    title: "Stack",
    x: { label: "x", unit: "count" },
    y: { label: "y", unit: "count" },
    series: ["a", "b"].map((name) => ({ name, kind: "area", stack: "s", points: [{ x: 0, y: 4 }, { x: 10, y: 4 }] })), // prettier-ignore
  };
  const faces = [...figureSvg(figure).matchAll(/<polygon points="([^"]*)" fill="#/g)].map(
    ([, points = ""]) => {
      const heights = points
        .split(" ")
        .map(Number)
        .filter((_, place) => place % 2 === 1);
      return { top: Math.min(...heights), bottom: Math.max(...heights) };
    },
  );
  expect(faces).toHaveLength(2);
  expect(faces[1]?.bottom).toBeCloseTo(faces[0]?.top ?? 0, 1);
  expect(faces[1]?.top).toBeLessThan(faces[1]?.bottom ?? 0);
});

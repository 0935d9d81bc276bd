import { expect, test } from "vitest";
import type { Drawn } from "../../../../src/report/figure/draw.js";
import { drawn } from "../../../../src/report/figure/draw.js";
import type { Figure } from "../../../../src/report/figure/figure.js";
import { figureSvg } from "../../../../src/report/figure/svg.js";
import { barFigure, sampleFigure } from "./sample.js";

interface Bounds {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

interface Item {
  x?: number;
  y?: number;
  angle?: number;
  text?: string | string[];
  bounds?: Bounds;
  marktype?: string;
  items?: Item[];
  datum?: Record<string, unknown>;
}

interface Text extends Bounds {
  content: string;
  upright: boolean;
}

/** The texts of a picture with the places that they take. */
function textsOf({ view }: Drawn): Text[] {
  const found: Text[] = [];
  const walk = (item: Item, x: number, y: number): void => {
    if (item.marktype === undefined && item.items !== undefined)
      for (const mark of item.items) walk(mark, x + (item.x ?? 0), y + (item.y ?? 0));
    else if (item.marktype === "group") for (const group of item.items ?? []) walk(group, x, y);
    else if (item.marktype === "text")
      for (const { text = "", bounds, angle = 0 } of item.items ?? [])
        if (bounds !== undefined && String(text) !== "")
          found.push({
            content: Array.isArray(text) ? text.join(" ") : text,
            upright: angle % 180 !== 0,
            x1: bounds.x1 + x,
            x2: bounds.x2 + x,
            y1: bounds.y1 + y,
            y2: bounds.y2 + y,
          });
  };
  const [x, y] = view.origin();
  walk((view.scenegraph() as unknown as { root: Item }).root, x, y);
  return found;
}

async function contents(figure: Figure): Promise<string[]> {
  return drawn(figure, (own) => textsOf(own).map(({ content }) => content));
}

test("the same figure gives the same bytes, whatever was drawn before it; nothing in it reacts or is loaded", async () => {
  const first = await figureSvg(sampleFigure());
  const other = await figureSvg(barFigure());
  expect(await figureSvg(sampleFigure())).toBe(first);
  expect(first).toMatch(/^<svg xmlns="[^"]*" width="85\.00mm" height="[\d.]+mm" viewBox="0 0 240\.94 /);
  expect(first).toContain("<title>Memory &lt;of&gt; one &amp; all</title>");
  expect(first).not.toMatch(/<script|<style|:hover|href="|class=/);
  const ids = [...first.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(ids.filter((id) => other.includes(`"${String(id)}"`))).toEqual([]);
  expect(await figureSvg({ ...sampleFigure(), wide: true })).toContain('width="170.00mm"');
});

test("title, axes with their units, ticks, legend, marks and notes are there as text", async () => {
  expect(await contents(sampleFigure())).toEqual(
    expect.arrayContaining([
      "Memory <of> one & all",
      "memory (GiB)",
      "tokens",
      "100,000",
      "measured",
      "estimate",
      "other",
      "capacity 3.5 GiB",
      "fits 30,000",
      "> 3 GiB",
      "An arrow starts at a bound: the value is more. Whiskers and bands are ranges. Node 20.0.0, Test CPU.",
    ]),
  );
});

test("an absent point leaves a gap and no line leads to a bound", async () => {
  const lines = await drawn(
    sampleFigure(),
    ({ svg }) =>
    [...svg.matchAll(/<path aria-label[^>]*? d="(M[^"]*)" stroke="#004a80" stroke-width="1.1"/g)].map(([, path = ""]) => path), // prettier-ignore
  );
  // The first line is measured: two stretches of two points each; the second is the estimate.
  expect(lines[0]?.match(/M/g)).toHaveLength(2);
  expect(lines[0]?.match(/L/g)).toHaveLength(2);
});

test.each<[string, (figure: Figure) => void, (found: string[]) => boolean]>([
  [
    "a bound at a line across the plot is not said twice",
    (figure) => {
      figure.marks = [{ axis: "y", at: 3 * 2 ** 30, label: "capacity" }];
    },
    (found) => !found.includes("> 3 GiB"),
  ],
  [
    "a row that was killed is told at its place",
    (figure) => {
      figure.series[0]?.points.push({ x: 200, killed: "oom-cap" });
    },
    (found) => found.includes("oom-cap"),
  ],
  [
    "an axis of logarithms says what it has no place for",
    (figure) => {
      figure.y.scale = "log";
      figure.series[0]?.points.push({ x: 5, y: 0 });
    },
    (found) => found.join(" ").includes("1 value is 0 or less"),
  ],
  [
    "on logarithms measured over estimated has a plot of its own",
    (figure) => {
      figure.y.scale = "log";
    },
    (found) => found.includes("measured over estimated"),
  ],
  [
    "a figure without any point has axes all the same",
    (figure) => {
      figure.series = [{ name: "none", kind: "line", points: [] }];
      figure.marks = [];
    },
    (found) => found.includes("tokens"),
  ],
  [
    "small plots are named by their series",
    (figure) => {
      figure.panels = true;
    },
    (found) => ["measured", "estimate", "other"].every((name) => found.includes(name)),
  ],
])("%s", async (_name, change, holds) => {
  // prettier-ignore
  const figure = sampleFigure();
  change(figure);
  const found = await contents(figure);
  expect(holds(found), found.join(" | ")).toBe(true);
});

test("an absent bar is a dash and no bar of 0; a bounded one has an arrow that a note explains", async () => {
  const found = await contents(barFigure());
  expect(found.filter((text) => text === "—")).toHaveLength(1);
  expect(found.join(" ")).toContain("An arrow starts at a bound");
});

const LONG: Figure = {
  ...barFigure(),
  title: "A title that is much longer than a column is wide, ".repeat(3),
  x: { label: "", unit: "none", categories: ["a very long name of a policy", "wordwithoutanyspaceinitthatistoolong"] }, // prettier-ignore
};

test.each([
  ["lines", sampleFigure()],
  ["lines on a page", { ...sampleFigure(), wide: true }],
  ["bars", barFigure()],
  ["long names", LONG],
])("no text of %s leaves the picture or lies on another", async (_name, figure) => {
  const { texts, width, height } = await drawn(figure, (own) => ({
    texts: textsOf(own).filter(({ upright, content }) => !upright && !content.startsWith(">")),
    width: own.width,
    height: own.height,
  }));
  for (const { content, x1, x2, y1, y2 } of texts) {
    expect(Math.min(x1, y1), content).toBeGreaterThanOrEqual(-1);
    expect(x2, content).toBeLessThanOrEqual(width + 1);
    expect(y2, content).toBeLessThanOrEqual(height + 1);
  }
  for (const [place, one] of texts.entries())
    for (const other of texts.slice(place + 1)) {
      const [across, down] = [Math.min(one.x2, other.x2) - Math.max(one.x1, other.x1), Math.min(one.y2, other.y2) - Math.max(one.y1, other.y1)]; // prettier-ignore
      // Boxes of letters are higher than the letters.
      expect(across > 1 && down > 2.5, `${one.content} / ${other.content}`).toBe(false);
    }
});

test("the stacks of areas begin where the ones below end", async () => {
  const figure: Figure = {
    title: "Stack",
    x: { label: "x", unit: "count" },
    y: { label: "y", unit: "count" },
    series: ["a", "b"].map((name) => ({ name, kind: "area", stack: "s", points: [{ x: 0, y: 4 }, { x: 10, y: 4 }] })), // prettier-ignore
  };
  const rows = await drawn(
    figure,
    ({ chart }) =>
    (chart.vconcat as { data: { values: { series: string; value: number; base: number }[] } }[])[0]?.data.values.map(({ series, base, value }) => [series, base, value]), // prettier-ignore
  );
  expect(rows).toEqual([["a", 0, 4], ["a", 0, 4], ["b", 4, 8], ["b", 4, 8]]); // prettier-ignore
});

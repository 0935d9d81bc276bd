import { expect, test } from "vitest";
import type { Series } from "../../../../src/report/figure/figure.js";
import { COLORS, DARK, FACES, INK, looksOf, MUTED, PAPER } from "../../../../src/report/figure/palette.js";

/** Relative luminance of an sRGB colour by WCAG 2.2: 0 for black, 1 for white. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Lightness of CIE, 0 to 100: what grey printing leaves of a colour. */
function lightness(color: string): number {
  return 116 * Math.cbrt(luminance(color)) - 16;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const seriesOf = (kind: Series["kind"], count: number): Series[] =>
  Array.from({ length: count }, (_, index) => ({ name: `s${index}`, kind, points: [] }));

test.each([
  ["light", (color: string) => color],
  ["dark", (color: string) => DARK[color] ?? color],
])(
  "lines stand out by 3:1 and letters by 4.5:1 on %s paper, and every colour has its other one",
  (_name, on) => {
    for (const color of COLORS) expect(contrast(on(color), on(PAPER)), color).toBeGreaterThanOrEqual(3);
    for (const color of [INK, MUTED]) expect(contrast(on(color), on(PAPER))).toBeGreaterThanOrEqual(4.5);
    expect([...COLORS, ...FACES].filter((color) => DARK[color] === undefined)).toEqual([]);
  },
);

test("in grey, no two of four bars are the same: their lightness differs by 15 of 100 steps", () => {
  const steps = FACES.slice(0, 4)
    .map(lightness)
    .sort((a, b) => a - b);
  for (const [index, step] of steps.slice(1).entries())
    expect(step - (steps[index] ?? 0)).toBeGreaterThanOrEqual(15);
});

test("no two of eighteen lines look the same, and six differ in their marker alone", () => {
  const looks = [...looksOf(seriesOf("line", 18)).values()].map(({ color, shape }) => `${color} ${shape}`);
  expect(new Set(looks).size).toBe(18);
  expect(new Set([...looksOf(seriesOf("line", 6)).values()].map(({ shape }) => shape)).size).toBe(6);
});

test("a measurement and its estimate have one colour; the estimate has dashes and no marker", () => {
  const [measured, estimate] = [...looksOf([
    { name: "a", kind: "line", group: "g", points: [] },
    { name: "b", kind: "line", group: "g", estimated: true, points: [] },
  ]).values()]; // prettier-ignore
  expect(estimate?.color).toBe(measured?.color);
  expect([measured?.shape, estimate?.shape]).toEqual(["circle", "stroke"]);
  expect(estimate?.dash).not.toEqual(measured?.dash);
});

import { expect, test } from "vitest";
import { COLORS, INK, lookOf, luminance, MUTED, PAPER } from "../../../../src/report/figure/palette.js";

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** CIE lightness, 0 to 100. */
function lightness(color: string): number {
  const y = luminance(color);
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (24389 / 27) * y;
}

type Triple = [number, number, number];

// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
const BLINDNESS: Record<string, [Triple, Triple, Triple]> = {
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]], // prettier-ignore
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]], // prettier-ignore
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]], // prettier-ignore
};

/** CIELAB under D65 of a colour as somebody with that blindness sees it. */
function labOf(color: string, rows: readonly Triple[]): Triple {
  const linear = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const times = (row: Triple, of: readonly number[]): number =>
    row.reduce((sum, factor, index) => sum + factor * (of[index] ?? 0), 0);
  const seen = rows.map((row) => Math.min(1, Math.max(0, times(row, linear))));
  const xyz = [times([0.4124, 0.3576, 0.1805], seen) / 0.9505, times([0.2126, 0.7152, 0.0722], seen), times([0.0193, 0.1192, 0.9505], seen) / 1.089]; // prettier-ignore
  const [x, y, z] = xyz.map((part) => (part > 216 / 24389 ? Math.cbrt(part) : ((24389 / 27) * part + 16) / 116)) as Triple; // prettier-ignore
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test("every colour stands out from paper as WCAG asks of graphics, and letters as it asks of text", () => {
  for (const color of COLORS) expect(contrast(color, PAPER)).toBeGreaterThanOrEqual(3);
  expect(contrast(INK, PAPER)).toBeGreaterThanOrEqual(7);
  expect(contrast(MUTED, PAPER)).toBeGreaterThanOrEqual(4.5);
});

test("the first three colours differ in grey by 20 of 100 steps of lightness", () => {
  const [a, b, c] = COLORS.slice(0, 3).map(lightness) as Triple;
  for (const difference of [a - b, b - c, a - c]) expect(Math.abs(difference)).toBeGreaterThan(20);
});

test.each(Object.entries(BLINDNESS))(
  "under %s any two colours differ in colour, shape and hatching",
  (_name, rows) => {
    for (const [place, color] of COLORS.entries()) {
      for (const [after, other] of COLORS.entries()) {
        if (after <= place) continue;
        const [a, b] = [labOf(color, rows), labOf(other, rows)];
        // 2.3 is a difference that can just be noticed.
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(20);
        expect(lookOf(place).marker).not.toBe(lookOf(after).marker);
        expect(lookOf(place).hatch).not.toEqual(lookOf(after).hatch);
      }
    }
  },
);

test("from the seventh series on no two of the first thirty look the same", () => {
  const looks = Array.from({ length: 30 }, (_, index) => {
    const { color, marker } = lookOf(index);
    return `${color} ${marker}`;
  });
  expect(new Set(looks).size).toBe(30);
});

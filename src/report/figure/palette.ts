/**
 * How a series looks on paper. Colour, shape, dashes and hatching each distinguish it on their own. The
 * colours are close to those of Okabe and Ito. Each has a contrast of 3:1 or more to white, any two differ
 * under each kind of colour blindness (CIE76 above 20), and the first three differ in grey.
 */
export interface Look {
  color: string;
  marker: Marker;
  /**
   * Half of a marker's width, pt. Later series have smaller markers, so that an earlier marker below stays
   * visible.
   */
  radius: number;
  /** Lengths of dashes and gaps, pt; empty for a solid line. */
  dash: readonly number[];
  /** Dashes of an estimate, which has no markers. */
  estimateDash: readonly number[];
  hatch: Hatch | undefined;
}

export type Marker = "circle" | "square" | "triangle" | "diamond" | "down" | "cross";

export interface Hatch {
  angle: number;
  gap: number;
}

export const INK = "#1a1a1a";
export const MUTED = "#4d4d4d";
export const RULE = "#d9d9d9";
export const PAPER = "#ffffff";

export const COLORS = ["#004a80", "#d55e00", "#000000", "#309860", "#a080a8", "#602800"] as const;
const MARKERS: readonly Marker[] = ["circle", "square", "triangle", "diamond", "down", "cross"];
const DASHES: readonly (readonly number[])[] = [[], [], [], [6, 1.5], [4, 1.2, 1, 1.2], [1, 1.5]];
const HATCHES: readonly (Hatch | undefined)[] = [
  undefined,
  { angle: 45, gap: 3 },
  { angle: -45, gap: 3 },
  { angle: 0, gap: 2.5 },
  { angle: 90, gap: 2.5 },
  { angle: 45, gap: 1.8 },
];

const ESTIMATE_DASHES: readonly (readonly number[])[] = [
  [3, 2],
  [1, 1.4],
  [6, 1.5, 1, 1.5],
  [7, 3],
  [3, 1.2, 1, 1.2, 1, 1.2],
];

/** After the sixth look the colours repeat with another marker. */
export function lookOf(index: number): Look {
  const round = Math.floor(index / COLORS.length);
  const at = (place: number, length: number): number => place % length;
  return {
    color: COLORS[at(index, COLORS.length)] as string,
    marker: MARKERS[at(index + round, MARKERS.length)] as Marker,
    radius: Math.max(1.8, 2.7 - 0.25 * index),
    dash: DASHES[at(index + round, DASHES.length)] as readonly number[],
    estimateDash: ESTIMATE_DASHES[at(index + round, ESTIMATE_DASHES.length)] as readonly number[],
    hatch: HATCHES[at(index + round, HATCHES.length)],
  };
}

/** Relative luminance of an sRGB colour by WCAG 2.2: 0 for black, 1 for white. */
export function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * A colour mixed with white; `share` 1 is the colour itself. Used for the faces of bars below the hatching.
 */
export function tint(color: string, share: number): string {
  const mixed = [1, 3, 5].map((start) => {
    const part = parseInt(color.slice(start, start + 2), 16);
    return Math.round(255 - share * (255 - part))
      .toString(16)
      .padStart(2, "0");
  });
  return `#${mixed.join("")}`;
}

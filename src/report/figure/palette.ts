import type { Series } from "./figure.js";

/**
 * How a series looks. Colour and marker of lines, colour and order of bars each distinguish it on their own. The colours
 * are close to those of Okabe and Ito; in grey any two of the first four FACES differ by 15 of 100 steps of lightness.
 */
export interface Look {
  color: string;
  /** Inside of a bar; an estimate has none, only an edge of dashes. */
  fill: string;
  shape: string;
  dash: readonly number[];
}

export const INK = "#1a1a1a";
export const MUTED = "#4d4d4d";
export const RULE = "#d9d9d9";
export const PAPER = "#ffffff";

/** Of lines and points; the marker tells them apart in grey. */
export const COLORS = ["#004a80", "#d55e00", "#000000", "#309860", "#a080a8", "#602800"] as const;
/** Of bars and areas, which have no marker: each is lighter or darker than its neighbours. */
export const FACES = ["#003f70", "#c9641c", "#8fc1e3", "#f5ecc0", "#5f6b3e", "#b99ab5"] as const;
const SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross"] as const;
const SOLID = [1, 0] as const;
/** Of formulas, which have no markers. */
const DASHES = [[3, 2], [1, 1.4], [6, 1.5, 1, 1.5], [7, 3]] as const; // prettier-ignore

/** The dark ground needs lighter colours; the page replaces the one by the other in the description. */
export const DARK: Readonly<Record<string, string>> = {
  "#004a80": "#7db8ec",
  "#d55e00": "#ff9a52",
  "#000000": "#f2f2f2",
  "#309860": "#5fd095",
  "#a080a8": "#cfaed8",
  "#602800": "#d9a77f",
  "#003f70": "#8cc4f2",
  "#c9641c": "#c96a1c",
  "#8fc1e3": "#38627f",
  "#f5ecc0": "#efe3ad",
  "#5f6b3e": "#7f8d58",
  "#b99ab5": "#7b5876",
  [INK]: "#e6e6e6",
  [MUTED]: "#a8adb3",
  [RULE]: "#3d4248",
  [PAPER]: "#16181b",
};

/** One look for each group, such as a measurement and its estimate; a series without a group has its own. */
export function looksOf(series: readonly Series[]): Map<Series, Look> {
  const groups = new Map<string, number>();
  const formulas = new Map<string, number>();
  return new Map(
    series.map((each) => {
      const key = each.group ?? each.name;
      const index = groups.get(key) ?? groups.size;
      groups.set(key, index);
      const colors = each.kind === "bar" || each.kind === "area" ? FACES : COLORS;
      const formula = each.estimated === true || each.fitted === true;
      const drawn = formula ? formulas.size : 0;
      if (formula) formulas.set(each.name, drawn);
      const color = colors[index % colors.length] as string;
      const look = {
        color,
        fill: formula ? PAPER : color,
        // After the last colour the colours repeat with another marker.
        shape: formula
          ? "stroke"
          : (SHAPES[(index + Math.floor(index / colors.length)) % SHAPES.length] as string),
        dash: each.estimated === true ? (DASHES[drawn % DASHES.length] as readonly number[]) : SOLID,
      };
      return [each, look];
    }),
  );
}

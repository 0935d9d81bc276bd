import type { Series } from "../../figure/figure.js";
import type { Look } from "../../figure/palette.js";
import { COLORS, lookOf } from "../../figure/palette.js";

/** The colours of the printed figures, lightened for a contrast of 4.5:1 or more on a dark background. */
const ON_DARK = ["#6db5ec", "#ff9c5a", "#f0f0f0", "#62cf97", "#cdaed6", "#d8a477"] as const;

export interface Colors {
  ink: string;
  muted: string;
  rule: string;
  paper: string;
}

export function colorsOf(dark: boolean): Colors {
  return dark
    ? { ink: "#e6e6e6", muted: "#a8adb3", rule: "#3d4248", paper: "#16181b" }
    : { ink: "#1a1a1a", muted: "#555555", rule: "#d4d4d4", paper: "#ffffff" };
}

/** One look for each group, as on paper; a series without a group has its own. */
export function looksOf(series: readonly Series[], dark: boolean): Map<Series, Look> {
  const groups = new Map<string, Look>();
  return new Map(
    series.map((each) => {
      const key = each.group ?? each.name;
      let look = groups.get(key);
      if (look === undefined) {
        look = lookOf(groups.size);
        if (dark) look = { ...look, color: ON_DARK[COLORS.indexOf(look.color as never)] ?? look.color };
        groups.set(key, look);
      }
      return [each, look];
    }),
  );
}

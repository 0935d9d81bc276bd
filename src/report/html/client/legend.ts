import type { Figure, Series } from "../../figure/figure.js";
import type { Look } from "../../figure/palette.js";
import { DARK, looksOf } from "../../figure/palette.js";
import type { Element } from "./dom.js";
import { page } from "./dom.js";
import { isDark, onTheme } from "./theme.js";

interface Choices {
  /** Names of series. */
  hidden: Set<string>;
  redraw: () => void;
  setLinear: (linear: boolean) => void;
}

/**
 * The legend: a button for each series that hides or shows it, and a choice of linear axes if some are
 * logarithmic.
 */
export function legend(figure: Figure, { hidden, redraw, setLinear }: Choices): Element {
  const box = page.document.createElement("div");
  box.className = "legend";
  if (figure.series.length > 1) {
    const samples = figure.series.map((series) => {
      const sample = page.document.createElement("span");
      const button = toggle([sample, series.name], true, (shown) => {
        if (shown) hidden.delete(series.name);
        else hidden.add(series.name);
        // A figure without series says nothing, so the last one stays visible.
        if (hidden.size === figure.series.length) {
          hidden.delete(series.name);
          return true;
        }
        redraw();
        return shown;
      });
      button.className = "series";
      box.append(button);
      return { series, sample };
    });
    const paint = (): void => {
      const looks = looksOf(figure.series);
      for (const { series, sample } of samples) {
        const look = looks.get(series) as Look;
        sample.dataset.sign = signOf(series, look);
        sample.style.color = isDark() ? (DARK[look.color] ?? look.color) : look.color;
      }
    };
    onTheme(paint);
    paint();
  }
  if (figure.x.scale === "log" || figure.y.scale === "log") {
    const button = toggle(["Linear axes"], false, (linear) => {
      setLinear(linear);
      return linear;
    });
    button.className = "axes";
    box.append(button);
  }
  return box;
}

/** A button with two states; `change` returns the state that it has now. */
function toggle(
  content: readonly (Element | string)[],
  pressed: boolean,
  change: (pressed: boolean) => boolean,
): Element {
  const button = page.document.createElement("button");
  button.type = "button";
  button.append(...content);
  let state = pressed;
  const show = (): void => {
    button.setAttribute("aria-pressed", String(state));
  };
  button.addEventListener("click", () => {
    state = change(!state);
    show();
  });
  show();
  return button;
}

const SIGNS: Record<string, string> = {
  circle: "●",
  square: "■",
  "triangle-up": "▲",
  diamond: "◆",
  "triangle-down": "▼",
  cross: "✚",
};

/** The sign of a series: its marker, dashes for a formula, a box for bars. */
function signOf({ kind, estimated, fitted }: Series, { shape }: Look): string {
  if (kind === "bar" || kind === "area") return estimated === true ? "▢" : "■";
  if (estimated === true) return "╌╌";
  return fitted === true ? "──" : (SIGNS[shape] ?? "●");
}

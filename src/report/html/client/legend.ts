import type { Figure, Series } from "../../figure/figure.js";
import type { Look } from "../../figure/palette.js";
import type { Element } from "./dom.js";
import { page } from "./dom.js";
import { looksOf } from "./looks.js";
import { markerPath } from "./marker.js";
import { isDark, onTheme } from "./theme.js";

interface Choices {
  hidden: Set<Series>;
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
        if (shown) hidden.delete(series);
        else hidden.add(series);
        // A chart without series has no axes, so the last series stays visible.
        if (hidden.size === figure.series.length) {
          hidden.delete(series);
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
      const looks = looksOf(figure.series, isDark());
      for (const { series, sample } of samples)
        sample.innerHTML = sampleSvg(series, looks.get(series) as Look);
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

/** A sample of the series as SVG; it contains only our own shapes and colours, never text of a result. */
function sampleSvg({ kind, estimated, fitted }: Series, look: Look): string {
  const open = '<svg width="26" height="12" viewBox="0 0 26 12" aria-hidden="true">';
  const { color } = look;
  if (kind === "bar" || kind === "area") {
    const face =
      estimated === true ? 'fill="none" stroke-dasharray="4 3"' : `fill="${color}" fill-opacity=".55"`;
    return `${open}<rect x="3" y="1" width="20" height="10" stroke="${color}" ${face}/></svg>`;
  }
  const dash = (estimated === true ? look.estimateDash : fitted === true ? [] : look.dash).map(
    (n) => n * 1.6,
  );
  const line =
    kind === "points" ? "" : `<path d="M0 6H26" stroke="${color}" stroke-width="1.7" stroke-dasharray="${dash.join(" ")}"/>`; // prettier-ignore
  const mark =
    estimated === true || fitted === true
      ? ""
      : `<path d="${markerPath(look.marker)}" transform="translate(13 6) scale(${1.5 * look.radius})" fill="${color}"/>`;
  return `${open}${line}${mark}</svg>`;
}

import type { Figure } from "../../figure/figure.js";
import type { Element } from "./dom.js";
import { page } from "./dom.js";
import { legend } from "./legend.js";
import { isDark, onTheme } from "./theme.js";
import type { DrawnView } from "./view.js";
import { drawInto } from "./view.js";

/** Largest distance of the pointer from a point that it reads, CSS pixels. */
const REACH = 60;

/**
 * Draws a figure into its place on the page, again each time the width, the colours or the shown series
 * change.
 */
export function startChart(plot: Element, figure: Figure): void {
  const hidden = new Set<string>();
  let linear = false;
  let drawn: DrawnView | undefined;
  let width = 0;
  let at = -1;

  const readout = page.document.getElementById(`${plot.dataset.figure ?? ""}--readout`);
  const cursor = page.document.createElement("span");
  cursor.className = "cursor";

  const draw = (): void => {
    if (plot.clientWidth === 0) return;
    width = plot.clientWidth;
    drawn?.end();
    plot.replaceChildren();
    drawn = drawInto(plot, figure, { dark: isDark(), linear, hidden: [...hidden] });
    plot.append(cursor);
    read(-1);
  };

  const read = (index: number): void => {
    at = index;
    const point = drawn?.points[index];
    cursor.hidden = point === undefined;
    if (readout !== null) readout.textContent = point?.text ?? "";
    if (point === undefined) return;
    cursor.style.left = `${point.left}px`;
    cursor.style.top = `${point.top}px`;
  };

  const nearest = (left: number, top: number): number => {
    let best = -1;
    let distance = REACH;
    drawn?.points.forEach((point, index) => {
      const own = Math.hypot(point.left - left, point.top - top);
      if (own < distance) [best, distance] = [index, own];
    });
    return best;
  };

  for (const type of ["pointermove", "pointerdown"])
    plot.addEventListener(type, (event) => {
      const box = plot.getBoundingClientRect();
      read(nearest(event.clientX - box.left, event.clientY - box.top));
    });
  plot.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const last = (drawn?.points.length ?? 0) - 1;
    if (step === undefined || last < 0) return;
    event.preventDefault();
    read(step === "first" ? 0 : step === "last" ? last : Math.max(0, Math.min(last, at + step)));
  });
  plot.addEventListener("blur", () => {
    read(-1);
  });

  plot.before(
    legend(figure, {
      redraw: draw,
      hidden,
      setLinear: (value) => {
        linear = value;
        draw();
      },
    }),
  );
  onTheme(draw);
  new page.ResizeObserver(() => {
    if (plot.clientWidth !== width) draw();
  }).observe(plot);
  draw();
}

const STEPS: Record<string, number | "first" | "last"> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  Home: "first",
  End: "last",
};

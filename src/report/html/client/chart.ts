import * as core from "echarts/core";
import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import type { Figure, Series } from "../../figure/figure.js";
import type { Element } from "./dom.js";
import { page } from "./dom.js";
import type { Frame } from "./frame.js";
import { frameOf } from "./frame.js";
import { legend } from "./legend.js";
import { colorsOf } from "./looks.js";
import { optionOf } from "./option.js";
import type { Placed } from "./points.js";
import { placedPoints } from "./points.js";
import { isDark, onTheme } from "./theme.js";

core.use([CustomChart, LineChart, ScatterChart, GridComponent, SVGRenderer]);

interface Chart {
  resize(size: { width: number; height: number }): void;
  setOption(option: unknown, settings: { notMerge: boolean }): void;
  getZr(): { flush(): void };
}

/** Largest distance of the pointer from a point that it reads, CSS pixels. */
const REACH = 60;

/**
 * Draws a figure into its place on the page, again each time the width, the colours or the shown series
 * change.
 */
export function startChart(plot: Element, figure: Figure): void {
  const hidden = new Set<Series>();
  let linear = false;
  let chart: Chart | undefined;
  let frame: Frame | undefined;
  let points: Placed[] = [];
  let at = -1;

  const readout = page.document.getElementById(`${plot.dataset.figure ?? ""}--readout`);
  const cursor = page.document.createElement("span");
  cursor.className = "cursor";

  const late = page.document.createElement("p");
  late.className = "notes";
  late.textContent = "The upright axis does not begin at 0.";
  plot.after(late);

  const shownFigure = (): Figure => {
    const series = figure.series.filter((each) => !hidden.has(each));
    const flat = (axis: Figure["x"]): Figure["x"] => (linear ? { ...axis, scale: "linear" } : axis);
    return { ...figure, x: flat(figure.x), y: flat(figure.y), series };
  };

  const draw = (): void => {
    const width = plot.clientWidth;
    if (width === 0) return;
    const dark = isDark();
    const shown = shownFigure();
    frame = frameOf(shown, width);
    points = placedPoints(shown, frame);
    plot.style.height = `${frame.height}px`;
    // The note says that lengths show no proportions; it appears only for a linear axis that begins above 0.
    late.hidden = shown.y.categories !== undefined || frame.y.log || frame.y.min <= 0;
    const size = { width, height: frame.height };
    if (chart === undefined) {
      plot.replaceChildren();
      chart = core.init(plot, null, { renderer: "svg", ...size });
      plot.append(cursor);
    } else chart.resize(size);
    chart.setOption(optionOf(shown, frame, dark, colorsOf(dark), figure.series), { notMerge: true });
    // Draws now and not with the next frame: a page that is being printed does not get one.
    chart.getZr().flush();
    read(-1);
  };

  const read = (index: number): void => {
    at = index;
    const point = points[index];
    cursor.hidden = point === undefined;
    if (readout !== null) readout.textContent = point?.text ?? "";
    if (point === undefined) return;
    cursor.style.left = `${point.left}px`;
    cursor.style.top = `${point.top}px`;
  };

  const nearest = (left: number, top: number): number => {
    let best = -1;
    let distance = REACH;
    points.forEach((point, index) => {
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
    if (step === undefined || points.length === 0) return;
    event.preventDefault();
    const last = points.length - 1;
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
    if (plot.clientWidth !== frame?.width) draw();
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

import type { View as VegaView } from "vega";
import * as vega from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { BARE_PADDING as PADDING, chartOf } from "../../figure/chart.js";
import type { Figure } from "../../figure/figure.js";
import { DARK } from "../../figure/palette.js";
import type { Weight } from "../../figure/text.js";
import { FONT_STACK, measureWith, textWidth } from "../../figure/text.js";
import type { Element } from "./dom.js";
import { page } from "./dom.js";

/** CSS pixels for each pt of the description: letters of 7 pt are read as 11 pixels. */
const SCALE = 1.6;
/** A wider screen makes no figure wider, pt. */
const MOST_WIDTH = 540;

interface Pen {
  font: string;
  measureText(text: string): { width: number };
}

/** What the library measures texts with; its types leave it out. */
interface TextMetrics {
  width: (item: { fontSize?: number; fontWeight?: string }, text: unknown) => number;
}

/** Measures texts with the fonts of this browser. */
export function startMeasuring(): void {
  const canvas = page.document.createElement("canvas") as unknown as { getContext(kind: "2d"): Pen };
  const pen = canvas.getContext("2d");
  const widths = new Map<string, number>();
  measureWith((text: string, size: number, weight: Weight) => {
    const key = `${weight} ${text}`;
    let width = widths.get(key);
    if (width === undefined) {
      pen.font = `${weight} 100px ${FONT_STACK}`;
      width = pen.measureText(text).width / 100;
      widths.set(key, width);
    }
    return width * size;
  });
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  textMetrics.width = ({ fontSize = 11, fontWeight }, text) =>
    textWidth(
      typeof text === "string" ? text : `${text as number}`,
      fontSize,
      fontWeight === "bold" ? "bold" : "normal",
    );
}

/** A point of a drawn figure: its place in CSS pixels from the upper left corner, and what is read there. */
export interface Placed {
  left: number;
  top: number;
  text: string;
}

export interface DrawnView {
  points: Placed[];
  end: () => void;
}

/** Draws a figure into its place, as wide as the place is: once to learn what the axis takes, and again. */
export function drawInto(
  plot: Element,
  figure: Figure,
  { dark, linear, hidden }: { dark: boolean; linear: boolean; hidden: readonly string[] },
): DrawnView {
  const width = Math.min(MOST_WIDTH, plot.clientWidth / SCALE);
  let plotWidth = width - 60;
  for (let attempt = 0; ; attempt++) {
    const chart = chartOf(figure, { width, plotWidth, left: 0, bare: true, linear });
    const text = JSON.stringify(compile(chart as never).spec);
    const spec = JSON.parse(dark ? inDark(text) : text) as object;
    // The policy of the page allows no code made of text, so expressions are interpreted.
    const view = new vega.View(vega.parse(spec, undefined, { ast: true }), {
      renderer: "svg",
      logLevel: vega.Error,
      expr: expressionInterpreter,
    } as never);
    view.signal("hidden", [...hidden]);
    view.initialize(plot).run();
    const svg = plot.querySelector("svg");
    // The library sets the size of the picture only when it draws the next time.
    const { x1 = 0, x2 = 0, y1 = 0, y2 = 0 } = rootOf(view).bounds ?? {};
    const [across, down] = [x2 - x1 + 2 * PADDING, y2 - y1 + 2 * PADDING];
    const beyond = across - width;
    if (svg === null || Math.abs(beyond) < 0.5 || attempt === 3) {
      // The library sets the attributes anew when it draws again; it leaves the style.
      if (svg !== null) {
        svg.style.width = `${across * SCALE}px`;
        svg.style.height = `${down * SCALE}px`;
      }
      return { points: pointsOf(view), end: () => void view.finalize() };
    }
    view.finalize();
    plot.replaceChildren();
    plotWidth = Math.max(60, plotWidth - beyond);
  }
}

/** Its types leave out the root of the drawn items. */
function rootOf(view: VegaView): Item {
  return (view.scenegraph() as unknown as { root: Item }).root;
}

function inDark(spec: string): string {
  return spec.replace(/#[0-9a-f]{6}/g, (color) => DARK[color] ?? color);
}

interface Item {
  x?: number;
  y?: number;
  x2?: number;
  bounds?: { x1: number; y1: number; x2: number; y2: number };
  datum?: { text?: string; series?: string };
  items?: Item[];
  marktype?: string;
}

/** Every point of the drawn marks, in reading order; a point that several marks stand at is read once. */
function pointsOf(view: VegaView): Placed[] {
  const found = new Map<string, Placed>();
  const walk = (item: Item, x: number, y: number): void => {
    if (item.marktype === undefined && item.items !== undefined)
      for (const mark of item.items) walk(mark, x + (item.x ?? 0), y + (item.y ?? 0));
    else if (item.marktype === "group") for (const group of item.items ?? []) walk(group, x, y);
    else if (
      item.marktype === "line" ||
      item.marktype === "area" ||
      item.marktype === "symbol" ||
      item.marktype === "rect"
    )
      for (const each of item.items ?? []) {
        const { text } = each.datum ?? {};
        if (text === undefined || found.has(text)) continue;
        const { left, top } = placeOf(each, item.marktype);
        if (Number.isFinite(left) && Number.isFinite(top))
          found.set(text, { left: (x + left) * SCALE, top: (y + top) * SCALE, text });
      }
  };
  const [originX, originY] = view.origin();
  walk(rootOf(view), originX, originY);
  return [...found.values()].sort((a, b) => a.left - b.left || a.top - b.top);
}

function placeOf(
  { x = Number.NaN, y = Number.NaN, bounds }: Item,
  kind: string,
): { left: number; top: number } {
  if (kind !== "rect" || bounds === undefined) return { left: x, top: y };
  const { x1, x2, y1, y2 } = bounds;
  return x2 - x1 > y2 - y1 ? { left: x2, top: (y1 + y2) / 2 } : { left: (x1 + x2) / 2, top: y1 };
}

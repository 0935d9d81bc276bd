import type * as VegaModule from "vega";
import type * as VegaLiteModule from "vega-lite";
import { packageMissing } from "../../base/optional-package.js";
import type { Chart } from "./chart-type.js";
import { chartOf, widthOf } from "./chart.js";
import type { Figure } from "./figure.js";
import { FIGURE_PACKAGES, measureWithFont } from "./font.js";
import { textWidth } from "./text.js";

type Vega = typeof VegaModule;
type VegaLite = typeof VegaLiteModule;
export type View = InstanceType<Vega["View"]>;

let loading: Promise<{ vega: Vega; compile: VegaLite["compile"] }> | undefined;

/**
 * Loads the library. The width of texts is always taken from the font that pictures are drawn with, whatever canvas
 * exists. Throws `NO_PACKAGE`.
 */
async function library(): Promise<{ vega: Vega; compile: VegaLite["compile"] }> {
  measureWithFont();
  loading ??= Promise.all([import("vega"), import("vega-lite")]).then(([vega, { compile }]) => {
    const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
    textMetrics.width = ({ fontSize = 11, fontWeight }, text) =>
      textWidth(
        typeof text === "string" ? text : `${text as number}`,
        fontSize,
        fontWeight === "bold" ? "bold" : "normal",
      );
    return { vega, compile };
  });
  try {
    return await loading;
  } catch (error) {
    throw packageMissing("Figures", FIGURE_PACKAGES, error);
  }
}

/** What the library measures texts with; its types leave it out. */
interface TextMetrics {
  width: (item: { fontSize?: number; fontWeight?: string }, text: unknown) => number;
}

/** What an axis takes beside the plot, pt: a first guess, and how exactly the width is met. */
const GUESS = 40;
const TOLERANCE = 0.05;
const MOST_ATTEMPTS = 4;

export interface Drawn {
  view: View;
  chart: Chart;
  svg: string;
  width: number;
  height: number;
}

/**
 * Draws a figure in its printed width: once to learn what the axis takes, and again with the plot that is left. `use`
 * gets the view, which ends afterwards.
 */
export async function drawn<T>(figure: Figure, use: (drawn: Drawn) => T | Promise<T>): Promise<T> {
  const { vega, compile } = await library();
  const width = widthOf(figure);
  let layout = { width, plotWidth: width - GUESS, left: GUESS, bare: false, linear: false };
  for (let attempt = 0; ; attempt++) {
    const chart = chartOf(figure, layout);
    const logger = { warn: ignore, info: ignore, debug: ignore, error: ignore, level: ignore };
    const { spec } = compile(chart as never, { logger: logger });
    vega.resetSVGDefIds();
    const view = new vega.View(vega.parse(spec), { renderer: "none", logLevel: vega.Error });
    try {
      await view.runAsync();
      const found = await extent(view);
      const beyond = found.width - width;
      const left = view.origin()[0];
      const isRight = Math.abs(beyond) <= TOLERANCE && Math.abs(left - layout.left) <= TOLERANCE;
      if (isRight || attempt === MOST_ATTEMPTS) return await use({ view, chart, ...found });
      layout = { ...layout, plotWidth: layout.plotWidth - beyond, left };
    } finally {
      view.finalize();
    }
  }
}

function ignore(): never {
  return undefined as never;
}

/** The size of all that is drawn with its padding, from the picture itself: the view does not tell it. */
async function extent(view: View): Promise<{ width: number; height: number; svg: string }> {
  const svg = await view.toSVG();
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height), svg };
}

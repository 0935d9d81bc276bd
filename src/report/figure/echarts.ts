import { createRequire } from "node:module";
import type * as ECharts from "echarts";
import { packageMissing } from "../../base/optional-package.js";
import { FIGURE_PACKAGES, textWidth } from "./font.js";

const require = createRequire(import.meta.url);

let loaded: typeof ECharts | undefined;

/**
 * Loads ECharts as one file, because its single modules take four times as long to load. The width of texts
 * is always taken from the font that pictures are drawn with, whatever canvas exists.
 */
export function echarts(): typeof ECharts {
  if (loaded !== undefined) return loaded;
  loaded = load();
  loaded.setPlatformAPI({ measureText: (text, font) => ({ width: measured(text, font ?? "") }) });
  return loaded;
}

/** Throws `NO_PACKAGE`. */
function load(): typeof ECharts {
  try {
    return require("echarts/dist/echarts.min.js") as typeof ECharts;
  } catch (error) {
    throw packageMissing("Figures", FIGURE_PACKAGES, error);
  }
}

function measured(text: string, font: string): number {
  const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? 12);
  return textWidth(text, size, font.includes("bold") ? "bold" : "normal");
}

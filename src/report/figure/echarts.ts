import { createRequire } from "node:module";
import type * as ECharts from "echarts";
import { textWidth } from "./font.js";

const require = createRequire(import.meta.url);

let loaded: typeof ECharts | undefined;

/**
 * ECharts as one file: its modules one by one take four times as long to load. Texts are as wide as in the font that
 * pictures are drawn with, whatever canvas is there.
 */
export function echarts(): typeof ECharts {
  if (loaded !== undefined) return loaded;
  loaded = require("echarts/dist/echarts.min.js") as typeof ECharts;
  loaded.setPlatformAPI({ measureText: (text, font) => ({ width: measured(text, font ?? "") }) });
  return loaded;
}

function measured(text: string, font: string): number {
  const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? 12);
  return textWidth(text, size, font.includes("bold") ? "bold" : "normal");
}

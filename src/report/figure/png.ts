import type * as Canvas from "@napi-rs/canvas";
import { BytesperError } from "../../base/errors.js";
import { packageMissing } from "../../base/optional-package.js";
import { echarts } from "./echarts.js";
import type { Figure } from "./figure.js";
import { FONT_FAMILY, fontFile } from "./font.js";
import { drawingOf } from "./option.js";

/** Pixels for each pt: 300 dots per inch. */
const PRINT_SCALE = 300 / 72;

/** Most pixels of width or height: a larger canvas takes GiB of memory. */
const MOST_PIXELS = 16_384;

/** Draws a figure as PNG. Throws `NO_PACKAGE` where the package that draws cannot be loaded. */
export async function figurePng(
  figure: Figure,
  { scale = PRINT_SCALE }: { scale?: number } = {},
): Promise<Uint8Array> {
  const { createCanvas } = await canvasPackage();
  const { width, height, option } = drawingOf(figure);
  const larger = Math.max(width, height) * scale;
  if (!(scale > 0) || larger > MOST_PIXELS)
    throw new BytesperError(
      "USAGE",
      `A picture needs a scale above 0 and at most ${MOST_PIXELS} pixels a side; ${scale} would make ${larger.toFixed(0)}.`,
    );
  const canvas = createCanvas(1, 1);
  const chart = echarts().init(canvas, null, {
    width,
    height,
    devicePixelRatio: scale,
  });
  try {
    chart.setOption(option);
    chart.getZr().refreshImmediately();
    return await canvas.encode("png");
  } finally {
    chart.dispose();
  }
}

let loading: Promise<typeof Canvas> | undefined;

async function canvasPackage(): Promise<typeof Canvas> {
  loading ??= import("@napi-rs/canvas").then((canvas) => {
    for (const weight of ["normal", "bold"] as const)
      canvas.GlobalFonts.registerFromPath(fontFile(weight), FONT_FAMILY);
    return canvas;
  });
  try {
    return await loading;
  } catch (error) {
    throw packageMissing("Figures as PNG", ["@napi-rs/canvas"], error);
  }
}

import type * as Canvas from "@napi-rs/canvas";
import { BytesperError } from "../../base/errors.js";
import { packageMissing } from "../../base/optional-package.js";
import type { Drawn } from "./draw.js";
import { FONT_FAMILY, fontFile } from "./font.js";

/** Pixels for each pt: 300 dots per inch. */
const PRINT_SCALE = 300 / 72;

/** Most pixels of width or height: a larger canvas takes GiB of memory. */
const MOST_PIXELS = 16_384;

/** A drawn figure as PNG. Throws `NO_PACKAGE` where the package that draws cannot be loaded. */
export async function pngOf(drawn: Drawn, scale = PRINT_SCALE): Promise<Uint8Array> {
  const { createCanvas } = await canvasPackage();
  const larger = Math.max(drawn.width, drawn.height) * scale;
  if (!(scale > 0) || larger > MOST_PIXELS)
    throw new BytesperError(
      "USAGE",
      `A picture needs a scale above 0 and at most ${MOST_PIXELS} pixels a side; ${scale} would make ${larger.toFixed(0)}.`,
    );
  const canvas = createCanvas(Math.floor(drawn.width * scale), Math.floor(drawn.height * scale));
  await paint(drawn, canvas.getContext("2d"), scale);
  return canvas.encode("png");
}

/** The same as a PDF of one page in the figure's size, for LaTeX: lines and letters, no pixels. */
export async function pdfOf(drawn: Drawn): Promise<Uint8Array> {
  const { PDFDocument } = await canvasPackage();
  const document = new PDFDocument();
  await paint(drawn, document.beginPage(drawn.width, drawn.height), 1);
  document.endPage();
  return document.close();
}

async function paint({ view }: Drawn, externalContext: unknown, scale: number): Promise<void> {
  const options = { type: "pdf", context: {}, externalContext };
  await (view.toCanvas as (scale: number, options: unknown) => Promise<unknown>)(scale, options);
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
    throw packageMissing("Figures as PNG and PDF", ["@napi-rs/canvas"], error);
  }
}

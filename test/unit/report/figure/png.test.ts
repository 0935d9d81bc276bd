import { createCanvas, GlobalFonts, loadImage } from "@napi-rs/canvas";
import { expect, test } from "vitest";
import { drawn } from "../../../../src/report/figure/draw.js";
import type { Figure } from "../../../../src/report/figure/figure.js";
import { fontFile, measureWithFont } from "../../../../src/report/figure/font.js";
import { COLORS, FACES } from "../../../../src/report/figure/palette.js";
import { pdfOf, pngOf } from "../../../../src/report/figure/pictures.js";
import { textWidth, wrap } from "../../../../src/report/figure/text.js";
import { barFigure, sampleFigure } from "./sample.js";

measureWithFont();

async function figurePng(figure: Figure, scale?: number): Promise<Uint8Array> {
  return drawn(figure, (own) => pngOf(own, scale));
}

async function pixelsOf(
  image: Uint8Array,
): Promise<{ width: number; height: number; colors: Map<string, number> }> {
  const decoded = await loadImage(Buffer.from(image));
  const { width, height } = decoded;
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(decoded, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const colors = new Map<string, number>();
  for (let at = 0; at < data.length; at += 4) {
    const color = `#${[0, 1, 2].map((part) => (data[at + part] ?? 0).toString(16).padStart(2, "0")).join("")}`;
    colors.set(color, (colors.get(color) ?? 0) + 1);
  }
  return { width, height, colors };
}

test.each([
  ["lines", sampleFigure()],
  ["bars", barFigure()],
])("a picture of %s has its size and is neither blank nor full", async (_name, figure) => {
  const { width, height, colors } = await pixelsOf(await figurePng(figure, 2));
  const [across, down] = await drawn(figure, (own) => [own.width, own.height] as const);
  expect(Math.abs(width - 2 * across)).toBeLessThanOrEqual(1);
  expect(Math.abs(height - 2 * down)).toBeLessThanOrEqual(1);
  const white = (colors.get("#ffffff") ?? 0) / (width * height);
  expect(white).toBeGreaterThan(0.5);
  expect(white).toBeLessThan(0.97);
  expect(colors.get(COLORS[0]) ?? colors.get(FACES[1]) ?? 0).toBeGreaterThan(50);
});

test("a picture without a scale has 300 dots an inch: 85 mm are 1,003 whole ones", async () => {
  expect((await pixelsOf(await figurePng(sampleFigure()))).width).toBe(1003);
});

test.each([0, -1, Number.NaN, 1000])("a scale of %s is refused by a sentence", async (scale) => {
  await expect(figurePng(sampleFigure(), scale)).rejects.toThrow(/scale above 0/);
});

test("a PDF has one page of the figure's size and holds its letters", async () => {
  const pdf = Buffer.from(await drawn(sampleFigure(), pdfOf)).toString("latin1");
  expect(pdf).toMatch(/^%PDF-/);
  expect(pdf).toMatch(/MediaBox ?\[ ?0 0 241 /);
  expect(pdf).toContain("/Font");
});

test("texts are as wide as a canvas draws them, within 1 %", () => {
  GlobalFonts.registerFromPath(fontFile("normal"), "DejaVu Sans");
  const context = createCanvas(1, 1).getContext("2d");
  context.font = "100px DejaVu Sans";
  for (const text of ["estimate: 500 bytes a message", "0.5 GiB", "14,638", "n × n — größer"])
    expect(Math.abs(textWidth(text, 100) / context.measureText(text).width - 1), text).toBeLessThan(0.01);
  // Kerned pairs are drawn closer, so nothing is cut off.
  expect(textWidth("AVAWA. To", 100)).toBeGreaterThanOrEqual(context.measureText("AVAWA. To").width);
});

test("a text is broken between words, and a word that is too long is cut with an ellipsis", () => {
  expect(wrap("one two three", textWidth("one two", 7), 7)).toEqual(["one two", "three"]);
  const [cut = ""] = wrap("incomprehensibilities", 40, 7);
  expect(cut.endsWith("…")).toBe(true);
  expect(textWidth(cut, 7)).toBeLessThanOrEqual(40);
});

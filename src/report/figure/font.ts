import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { packageMissing } from "../../base/optional-package.js";
import type { Weight } from "./text.js";
import { measureWith } from "./text.js";

export const FONT_FAMILY = "DejaVu Sans";

/** Optional packages that every figure needs. */
export const FIGURE_PACKAGES = ["vega", "vega-lite", "dejavu-fonts-ttf"] as const;

/** Path of the font that gives the widths of texts and draws the pictures. Throws `NO_PACKAGE`. */
export function fontFile(weight: Weight): string {
  const name = weight === "bold" ? "DejaVuSans-Bold" : "DejaVuSans";
  try {
    return createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);
  } catch (error) {
    throw packageMissing("Figures", FIGURE_PACKAGES, error);
  }
}

const widths = new Map<Weight, (character: number) => number>();

/**
 * Texts are as wide as in DejaVu Sans, pt. Read from the font's own tables and not from a canvas, so that a figure
 * has the same layout on a machine without one.
 */
export function measureWithFont(): void {
  measureWith(widthInFont);
}

function widthInFont(text: string, size: number, weight: Weight): number {
  let widthOf = widths.get(weight);
  if (widthOf === undefined) widths.set(weight, (widthOf = readWidths(readFileSync(fontFile(weight)))));
  let width = 0;
  for (const character of text) width += widthOf(character.codePointAt(0) ?? 0);
  return width * size;
}

/** Advance widths in ems, from the tables `cmap` (format 4) and `hmtx` of a TrueType font. */
function readWidths(font: Buffer): (character: number) => number {
  const table = (tag: string): number => {
    const count = font.readUInt16BE(4);
    for (let entry = 12; entry < 12 + 16 * count; entry += 16)
      if (font.toString("latin1", entry, entry + 4) === tag) return font.readUInt32BE(entry + 8);
    throw new Error(`the font has no table ${tag}`);
  };
  const unitsPerEm = font.readUInt16BE(table("head") + 18);
  const metrics = font.readUInt16BE(table("hhea") + 34);
  const hmtx = table("hmtx");
  const glyphOf = readCharacters(font, table("cmap"));
  return (character) => {
    const glyph = Math.min(glyphOf(character), metrics - 1);
    return font.readUInt16BE(hmtx + 4 * glyph) / unitsPerEm;
  };
}

/**
 * Index of the glyph of each character of the Basic Multilingual Plane; 0, the glyph for missing characters,
 * for all others.
 */
function readCharacters(font: Buffer, cmap: number): (character: number) => number {
  const subtables = Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, index) => {
    return cmap + font.readUInt32BE(cmap + 8 + 8 * index);
  });
  const start = subtables.find((offset) => font.readUInt16BE(offset) === 4);
  if (start === undefined) throw new Error("the font has no character map of format 4");
  const doubled = font.readUInt16BE(start + 6);
  const ends = start + 14;
  const starts = ends + doubled + 2;
  const deltas = starts + doubled;
  const ranges = deltas + doubled;
  return (character) => {
    if (character > 0xffff) return 0;
    for (let segment = 0; segment < doubled; segment += 2) {
      if (font.readUInt16BE(ends + segment) < character) continue;
      const first = font.readUInt16BE(starts + segment);
      if (first > character) return 0;
      const delta = font.readUInt16BE(deltas + segment);
      const range = font.readUInt16BE(ranges + segment);
      if (range === 0) return (character + delta) & 0xffff;
      const glyph = font.readUInt16BE(ranges + segment + range + 2 * (character - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}

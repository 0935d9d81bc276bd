import { drawn } from "./draw.js";
import type { Figure } from "./figure.js";
import { figureName } from "./name.js";

const MM_PER_PT = 25.4 / 72;

/** A figure as SVG in its printed size. The same figure always gives the same bytes. Throws `NO_PACKAGE`. */
export async function figureSvg(figure: Figure): Promise<string> {
  return drawn(figure, ({ svg, width, height }) => finished(svg, figure, width, height));
}

export function finished(svg: string, figure: Figure, width: number, height: number): string {
  const millimetres = (pt: number): string => `${(pt * MM_PER_PT).toFixed(2)}mm`;
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${millimetres(width)}" height="${millimetres(height)}" ` +
    `viewBox="0 0 ${width.toFixed(2)} ${height.toFixed(2)}" role="img">\n` +
    `<title>${escaped(figure.title)}</title>`;
  const body = svg
    .slice(svg.indexOf(">") + 1)
    // What a screen reader is told of every mark of the library; a picture has a title.
    .replace(/ (?:class|pointer-events|role|aria-[a-z]+)="[^"]*"/g, "")
    // Pictures on one page must not share ids.
    .replace(/\b(id="|url\(#)/g, `$1${figureName(figure)}-`)
    .replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)) + 0))
    .trimEnd();
  return `${head}${body}\n`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
